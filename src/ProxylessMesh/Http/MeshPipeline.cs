using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Resilience;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>
/// The road of a request through the mesh, stage by stage. Lock-free: each stage reads one immutable object, once. A request
/// waits only for configuration that it needs and that has not come yet; its caller's token ends every wait.
/// </summary>
/// <param name="listeners">The authorities and their listeners.</param>
/// <param name="onDemand">The clusters that requests name.</param>
/// <param name="rules">What the control plane may do to requests.</param>
/// <param name="random">For weights and picks.</param>
/// <param name="timeProvider">For deadlines and what headers say.</param>
/// <param name="metrics">Where requests are counted.</param>
/// <param name="origin">Who this process is, for hash policies.</param>
internal sealed class MeshPipeline(
    ListenerTable listeners, OnDemandClusters onDemand, RouteRules rules, IRandomSource random, TimeProvider timeProvider, CallMetrics metrics, HashOrigin origin)
{
    /// <summary>How many endpoints a request tries when none of them takes it: nothing of the request was processed by then.</summary>
    private const int MaxConnectAttempts = 3;

    private const int NoAttempt = 0;

    private readonly RequestRouter _router = new(random, timeProvider, rules, new RequestHasher(origin, random));
    private readonly RequestDeadlines _deadlines = new(timeProvider);
    private volatile bool _isClosed;

    public ListenerTable Listeners => listeners;

    public OnDemandClusters OnDemand => onDemand;

    /// <summary>The mesh ends: requests that wait for configuration, and new ones, fail. Those at an endpoint go on.</summary>
    public void Close()
    {
        _isClosed = true;
        listeners.Close();
        onDemand.Dispose();
    }

    /// <summary>Up to an endpoint nothing waits as a rule, so that a request costs one state machine: the last stage's.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
        => MeasuredCall.TryStart(metrics, timeProvider, request, authority) is { } call
            ? MeasureAsync(call, request, authority, cancellationToken)
            : SendAsync(new CallerRequest(request, authority, Call: null), cancellationToken);

    private Task<HttpResponseMessage> MeasureAsync(MeasuredCall call, HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
        => call.RunAsync(measured => SendAsync(new CallerRequest(request, authority, measured), cancellationToken));

    /// <param name="caller">The caller's request.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private Task<HttpResponseMessage> SendAsync(in CallerRequest caller, CancellationToken cancellationToken)
    {
        var (request, authority, _) = caller;
        if (_isClosed)
        {
            return Task.FromException<HttpResponseMessage>(new ObjectDisposedException("ProxylessMesh.Mesh"));
        }

        // 1. The listener: what the control plane says of this authority.
        var listener = authority.Listener.View;
        if (listener.IsPending)
        {
            return WaitAndSendAsync(authority.Listener.WaitForChangeAsync(listener, cancellationToken), caller, route: "", cancellationToken);
        }

        if (listener.Routes is null)
        {
            return FailAsync(in caller, new MeshFailure(MeshFailureReason.NoListener, $"no route configuration for '{authority.Host}': {listener.Error?.Message}"));
        }

        // 2. The route, and one of its clusters by weight; or an answer without one.
        var outcome = _router.Route(request, authority, listener.Routes);
        if (outcome.Failure is not null)
        {
            return FailAsync(in caller, outcome.Failure);
        }

        if (outcome.Reply is not null)
        {
            return Task.FromResult(outcome.Reply);
        }

        // 3. The time it may take, whatever else happens to it.
        var limits = _router.TimeoutOf(request, in outcome, listener.Routes.Connection);
        return limits.Timeout is null || caller.Deadline is not null
            ? ForwardAsync(in caller, listener, outcome, limits, cancellationToken)
            : ForwardInTimeAsync(caller, listener, outcome, limits, cancellationToken);
    }

    /// <summary>Forwards a request whose time is limited: the limit belongs to it until the end of the response's body.</summary>
    private async Task<HttpResponseMessage> ForwardInTimeAsync(CallerRequest caller, ListenerView listener, RouteOutcome outcome, RequestTimeout limits, CancellationToken cancellationToken)
    {
        var request = caller.Message;
        var deadline = _deadlines.Begin(limits.Stream, limits.Route, isKept: request.Content is null, cancellationToken);
        try
        {
            if (ForwardedContent.IsAtHand(request.Content) && !OutgoingRequest.IsUpgrade(request))
            {
                deadline.OnSent();
            }

            var response = await ForwardAsync(caller with { Deadline = deadline }, listener, outcome, limits, deadline.Token).ConfigureAwait(false);
            deadline.LeaveCaller();
            var timed = new TimedBody(deadline, outcome.Route!.Name, response, MeshFailure.IsGrpc(request)); // the outcome is to forward
            if (!timed.TryBegin())
            {
                deadline.End(isUnused: true);
            }

            return response;
        }
        catch (OperationCanceledException exception) when (!deadline.IsExpired && cancellationToken.IsCancellationRequested)
        {
            // The deadline's token was the caller's, as far as the caller knows.
            deadline.End(isUnused: false);
            throw new TaskCanceledException(exception.Message, exception, cancellationToken);
        }
        catch
        {
            deadline.End(isUnused: false);
            throw;
        }
    }

    private Task<HttpResponseMessage> ForwardAsync(in CallerRequest caller, ListenerView listener, RouteOutcome outcome, RequestTimeout limits, CancellationToken cancellationToken)
    {
        var (request, authority, _) = caller;

        // 4. The cluster: the route's, or the one that the request names.
        var cluster = outcome.Cluster;
        var route = outcome.Route!.Name; // neither failure nor reply
        if (cluster is null)
        {
            var demanded = onDemand.Find(outcome.ClusterName ?? "");
            cluster = demanded?.Cluster;
            if (demanded is null)
            {
                return NotFoundAsync(in caller, in outcome, $"route '{route}' goes where its cluster_header says, and '{outcome.ClusterName}' is no cluster that could be asked for");
            }

            if (cluster is null || cluster.View.IsPending)
            {
                return WaitAndSendAsync(demanded.WaitAsync(cancellationToken), caller, route, cancellationToken);
            }
        }

        // One that is still on its way: where the request would have gone before, or wait for it.
        var view = cluster.View;
        if (view.IsPending)
        {
            var standIn = listener.StandIn is null ? outcome : _router.Route(request, authority, listener.StandIn);
            if (standIn.Cluster?.View.IsPending != false)
            {
                return WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), caller, route, cancellationToken);
            }

            outcome = standIn;
            cluster = standIn.Cluster;
            view = cluster.View;
        }

        if (view.IsAbsent)
        {
            return NotFoundAsync(in caller, in outcome, $"cluster '{cluster.Name}': {view.Error?.Message}");
        }

        // 5. Its hash, if the cluster asks for one; and the request as its route has it: the caller's own, unless the route changes something.
        List<string>? newCookies = null;
        var hash = view.Picker is { NeedsHash: true } ? _router.Hash(request, authority, in outcome, view.Config?.LoadBalancer, out newCookies) : RequestHash.None;
        if (_router.Change(in caller, in outcome, cluster.Name, in limits, newCookies, out var changed) is { } failure)
        {
            return FailAsync(in caller, failure);
        }

        // 6. An endpoint, and its connections.
        var hop = RequestRouter.HopOf(in outcome, in limits);
        var routed = new RoutedRequest(request, authority, cluster, RoutedExtras.Of(in caller, changed, route, in hop, hash));
        return SendToClusterAsync(routed, attempt: 1, failed: null, cancellationToken);
    }

    /// <summary>Begins anew once configuration has changed.</summary>
    private async Task<HttpResponseMessage> WaitAndSendAsync(Task change, CallerRequest caller, string route, CancellationToken cancellationToken)
    {
        var start = timeProvider.GetTimestamp();
        try
        {
            await change.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (caller.Deadline is { IsExpired: true } deadline)
        {
            return await FailAsync(in caller, MeshFailure.Timeout(deadline, route, " before its cluster has come")).ConfigureAwait(false);
        }

        return await SendAsync(caller with { Waited = caller.Waited + timeProvider.GetElapsedTime(start) }, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="routed">The request.</param>
    /// <param name="attempt">1 for the first.</param>
    /// <param name="failed">The endpoint of the attempt before.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(RoutedRequest routed, int attempt, EndpointState? failed, CancellationToken cancellationToken)
    {
        var cluster = routed.Cluster;
        while (true)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return view.IsAbsent
                    ? SendAsync(routed.Caller, cancellationToken) // gone since the request was routed: the route answers for it
                    : FailAsync(routed.Caller, new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}"));
            }

            if (view.Picker is null && view.Destinations is null)
            {
                // It changed since the request was routed. Retired: the routes are other ones by now.
                return view.IsRetired
                    ? SendAsync(routed.Caller, cancellationToken)
                    : WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), routed.Caller, routed.Route, cancellationToken);
            }

            var endpoint = view.Destinations is { } destinations ? Find(destinations, routed.Original) : Pick(view, routed.Hash, failed);
            if (endpoint is null)
            {
                return FailAsync(routed.Caller, new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint"));
            }

            if (endpoint.TryAcquire())
            {
                var isLast = attempt >= Math.Min(MaxConnectAttempts, view.Endpoints.Length);
                var nextAttempt = isLast ? NoAttempt : attempt + 1;

                // Trying another endpoint because none of the request was processed is still the same attempt, as a wait for a connection is in gRPC.
                return routed.Call is not { } call || routed.Attempt is not null
                    ? SendToEndpointAsync(routed, endpoint, nextAttempt, cancellationToken)
                    : MeasureAttemptAsync(routed, call, endpoint, nextAttempt, cancellationToken);
            }

            // It left the configuration after the view was read: there is a newer one.
        }
    }

    private Task<HttpResponseMessage> MeasureAttemptAsync(RoutedRequest routed, MeasuredCall call, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        var attempt = call.StartAttempt(previousAttempts: 0, routed.Cluster.Name);
        var measured = routed.WithAttempt(attempt);
        return attempt.RunAsync(() => SendToEndpointAsync(measured, endpoint, nextAttempt, cancellationToken));
    }

    /// <param name="routed">The request.</param>
    /// <param name="endpoint">The endpoint, with a lease that this method gives back or hands to the response.</param>
    /// <param name="nextAttempt">The attempt that follows if the endpoint refuses the connection or the request, or <see cref="NoAttempt"/>.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private async Task<HttpResponseMessage> SendToEndpointAsync(RoutedRequest routed, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        MeshFailure failure;
        var trace = default(TraceHeaders);
        try
        {
            // What is kept across this await is part of every request's state: keep it little.
            var response = await endpoint.SendAsync(Prepare(in routed, endpoint, out trace), cancellationToken).ConfigureAwait(false);
            return Receive(in routed, endpoint, response);
        }
        catch (HttpRequestException exception) when (EndpointRefusal.IsRefusal(exception) && routed.Deadline is not { IsExpired: true })
        {
            // Nothing of the request was processed: it may go to another endpoint.
            if (exception.InnerException is EndpointConnectException)
            {
                endpoint.OnConnectFailed();
            }

            endpoint.Release();
            failure = MeshFailure.Refused(routed.Cluster.Name, endpoint.Address, exception);
            nextAttempt = EndpointRefusal.MayGoElsewhere(exception) ? nextAttempt : NoAttempt;
        }
        catch (HostnameException exception)
        {
            endpoint.Release();
            failure = new MeshFailure(MeshFailureReason.NoRoute, $"cluster '{routed.Cluster.Name}': {exception.Message}", exception);
            nextAttempt = NoAttempt;
        }
        catch (Exception exception)
        {
            // Whatever the request or its response broke off with: when its time is over, that is why.
            endpoint.Release();
            if (routed.Deadline is not { IsExpired: true } deadline)
            {
                throw;
            }

            failure = MeshFailure.Timeout(deadline, routed.Route, " before a response") with { InnerException = exception };
            nextAttempt = NoAttempt;
        }
        finally
        {
            Restore(in routed, in trace);
        }

        var next = nextAttempt != NoAttempt
            ? SendToClusterAsync(routed, nextAttempt, endpoint, cancellationToken)
            : FailAsync(routed.Caller, failure);
        return await next.ConfigureAwait(false);
    }

    /// <summary>Makes of the request what this endpoint is sent.</summary>
    private static HttpRequestMessage Prepare(in RoutedRequest routed, EndpointState endpoint, out TraceHeaders trace)
    {
        routed.Attempt?.OnEndpoint(endpoint);
        routed.Changed?.AimAt(endpoint);
        var outgoing = routed.Outgoing;
        var sent = UpstreamVersion.Apply(outgoing, endpoint.Protocol);
        trace = ReferenceEquals(sent, outgoing) ? TraceHeaders.Absent(outgoing) : default; // what is written into a copy goes with it
        routed.Hop.AddTo(sent, isCopy: !ReferenceEquals(sent, routed.Original));
        return sent;
    }

    /// <summary>Makes of the endpoint's response the caller's, and hands it the lease.</summary>
    private static HttpResponseMessage Receive(in RoutedRequest routed, EndpointState endpoint, HttpResponseMessage response)
    {
        try
        {
            endpoint.OnConnected();
            response.RequestMessage = routed.Original;
            routed.Changed?.Finish(response);
            TrackedContent.Attach(response, endpoint);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Takes out of the caller's request what only the endpoint was to see. Had it such a header itself, a copy was sent.</summary>
    private static void Restore(in RoutedRequest routed, in TraceHeaders trace)
    {
        if (ReferenceEquals(routed.Outgoing, routed.Original))
        {
            routed.Hop.RemoveFrom(routed.Original);
        }

        trace.Remove(routed.Outgoing);
    }

    private Task<HttpResponseMessage> NotFoundAsync(in CallerRequest caller, in RouteOutcome outcome, string reason)
    {
        metrics.OnFailed(MeshFailureReason.ClusterUnavailable, caller.Authority.Host);
        return Task.FromResult(_router.NotFound(caller.Message, caller.Authority, in outcome, reason));
    }

    private Task<HttpResponseMessage> FailAsync(in CallerRequest caller, MeshFailure failure)
    {
        metrics.OnFailed(failure.Reason, caller.Authority.Host);
        return failure.ToCallerAsync(caller.Message);
    }

    /// <summary>Where the request's own URI points, whatever Host it sends: that is where it would go without the mesh.</summary>
    private static EndpointState Find(OriginalDestinations destinations, HttpRequestMessage request)
    {
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        return destinations.Find(uri.IdnHost, uri.Port);
    }

    /// <summary>Picks an endpoint; looks a few times for another than one that has just refused.</summary>
    private EndpointState? Pick(ClusterView view, RequestHash hash, EndpointState? failed)
    {
        EndpointState? endpoint = null;
        for (var i = 0; i < MaxConnectAttempts; i++)
        {
            var context = new PickContext(random) { Hash = hash, Skip = i };
            var pick = view.Picker!.Pick(in context); // the caller has seen it
            if (pick.IsNone)
            {
                return null;
            }

            endpoint = view.Endpoints[pick.Index];
            if (!ReferenceEquals(endpoint, failed) && !endpoint.IsBackingOff)
            {
                break;
            }
        }

        return endpoint;
    }
}
