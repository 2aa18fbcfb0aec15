using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>
/// The road of a request through the mesh, stage by stage. Lock-free: each stage reads one immutable object, once. A request
/// waits only for configuration that it needs and that has not come yet; its caller's token ends every wait.
/// </summary>
internal sealed class MeshPipeline(ListenerTable listeners, IRandomSource random, TimeProvider timeProvider, CallMetrics metrics, HashOrigin origin)
{
    /// <summary>How many endpoints a request tries when none of them accepts a connection. Nothing of the request was sent by then.</summary>
    private const int MaxConnectAttempts = 3;

    private const int NoAttempt = 0;

    private readonly RequestRouter _router = new(random, timeProvider, new RequestHasher(origin, random));
    private volatile bool _isClosed;

    public ListenerTable Listeners => listeners;

    /// <summary>The mesh ends: requests that wait for configuration, and new ones, fail. Those at an endpoint go on.</summary>
    public void Close()
    {
        _isClosed = true;
        listeners.Close();
    }

    /// <summary>Up to an endpoint nothing waits as a rule, so that a request costs one state machine: the last stage's.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
        => MeasuredCall.TryStart(metrics, timeProvider, request, authority) is { } call
            ? MeasureAsync(call, request, authority, cancellationToken)
            : SendAsync(request, authority, call: null, cancellationToken);

    private Task<HttpResponseMessage> MeasureAsync(MeasuredCall call, HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
        => call.RunAsync(measured => SendAsync(request, authority, measured, cancellationToken));

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, MeshAuthority authority, MeasuredCall? call, CancellationToken cancellationToken)
    {
        if (_isClosed)
        {
            return Task.FromException<HttpResponseMessage>(new ObjectDisposedException("ProxylessMesh.Mesh"));
        }

        // 1. The listener: what the control plane says of this authority.
        var listener = authority.Listener.View;
        if (listener.IsPending)
        {
            return WaitAndSendAsync(authority.Listener.WaitForChangeAsync(listener, cancellationToken), request, authority, call, cancellationToken);
        }

        if (listener.Routes is null)
        {
            return FailAsync(request, authority, new MeshFailure(MeshFailureReason.NoListener, $"no route configuration for '{authority.Host}': {listener.Error?.Message}"));
        }

        // 2. The route, and one of its clusters by weight; or an answer without one.
        var outcome = _router.Route(request, authority, listener.Routes);
        if (outcome.Failure is not null)
        {
            return FailAsync(request, authority, outcome.Failure);
        }

        if (outcome.Reply is not null)
        {
            return Task.FromResult(outcome.Reply);
        }

        // 3. The cluster. One that is still on its way: where the request would have gone before, or wait for it.
        var cluster = outcome.Cluster!; // set when there is neither failure nor reply
        var view = cluster.View;
        if (view.IsPending)
        {
            var standIn = listener.StandIn is null ? outcome : _router.Route(request, authority, listener.StandIn);
            if (standIn.Cluster?.View.IsPending != false)
            {
                return WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), request, authority, call, cancellationToken);
            }

            outcome = standIn;
            cluster = outcome.Cluster;
        }

        // 4. The request as its route has it: the caller's own, unless the route changes something. And its hash, if the cluster asks for one.
        ChangedRequest? changed = null;
        var hash = RequestHash.None;
        if (cluster.View is { Picker.NeedsHash: true } hashing)
        {
            if (_router.HashAndChange(request, authority, in outcome, hashing.Config?.LoadBalancer, out changed, out hash) is { } hashFailure)
            {
                return FailAsync(request, authority, hashFailure);
            }
        }
        else if (!outcome.Choice!.IsPlain && _router.Change(request, authority, in outcome, out changed) is { } failure)
        {
            return FailAsync(request, authority, failure);
        }

        // 5. An endpoint, and its connections.
        return SendToClusterAsync(request, changed, authority, cluster, hash, call, attempted: null, attempt: 1, failed: null, cancellationToken);
    }

    /// <summary>Begins anew once configuration has changed.</summary>
    private async Task<HttpResponseMessage> WaitAndSendAsync(Task change, HttpRequestMessage request, MeshAuthority authority, MeasuredCall? call, CancellationToken cancellationToken)
    {
        await change.ConfigureAwait(false);
        return await SendAsync(request, authority, call, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="request">The caller's request.</param>
    /// <param name="changed">What becomes of it, where its route changes something.</param>
    /// <param name="authority">Where to begin anew, should the cluster be gone.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="hash">The request's hash, for all of its attempts.</param>
    /// <param name="call">The call's measurement, while somebody listens.</param>
    /// <param name="attempted">The attempt's, once it has begun.</param>
    /// <param name="attempt">1 for the first.</param>
    /// <param name="failed">The endpoint of the attempt before.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(
        HttpRequestMessage request, ChangedRequest? changed, MeshAuthority authority, ClusterState cluster, RequestHash hash, MeasuredCall? call, MeasuredAttempt? attempted, int attempt, EndpointState? failed, CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return FailAsync(request, authority, new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}"));
            }

            if (view.Picker is null && view.Destinations is null)
            {
                // It changed since the request was routed. Retired: the routes are other ones by now.
                return view.IsRetired
                    ? SendAsync(request, authority, call, cancellationToken)
                    : WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), request, authority, call, cancellationToken);
            }

            var endpoint = view.Destinations is { } destinations ? Find(destinations, request) : Pick(view, hash, failed);
            if (endpoint is null)
            {
                return FailAsync(request, authority, new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint"));
            }

            if (endpoint.TryAcquire())
            {
                var isLast = attempt >= Math.Min(MaxConnectAttempts, view.Endpoints.Length);
                var nextAttempt = isLast ? NoAttempt : attempt + 1;

                // Trying another endpoint because none of the request was sent is still the same attempt, as a wait for a connection is in gRPC.
                return call is null || attempted is not null
                    ? SendToEndpointAsync(request, changed, authority, cluster, hash, endpoint, attempted, nextAttempt, cancellationToken)
                    : MeasureAttemptAsync(call, request, changed, authority, cluster, hash, endpoint, nextAttempt, cancellationToken);
            }

            // It left the configuration after the view was read: there is a newer one.
        }
    }

    private Task<HttpResponseMessage> MeasureAttemptAsync(
        MeasuredCall call, HttpRequestMessage request, ChangedRequest? changed, MeshAuthority authority, ClusterState cluster, RequestHash hash, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        var attempt = call.StartAttempt(previousAttempts: 0, cluster.Name);
        return attempt.RunAsync(() => SendToEndpointAsync(request, changed, authority, cluster, hash, endpoint, attempt, nextAttempt, cancellationToken));
    }

    /// <param name="request">The caller's request.</param>
    /// <param name="changed">What becomes of it, where its route changes something.</param>
    /// <param name="authority">As for the cluster.</param>
    /// <param name="cluster">The endpoint's cluster.</param>
    /// <param name="hash">As for the cluster.</param>
    /// <param name="endpoint">The endpoint, with a lease that this method gives back or hands to the response.</param>
    /// <param name="measured">The attempt's measurement, while somebody listens.</param>
    /// <param name="nextAttempt">The attempt that follows if the endpoint refuses the connection, or <see cref="NoAttempt"/>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private async Task<HttpResponseMessage> SendToEndpointAsync(
        HttpRequestMessage request, ChangedRequest? changed, MeshAuthority authority, ClusterState cluster, RequestHash hash, EndpointState endpoint, MeasuredAttempt? measured, int nextAttempt, CancellationToken cancellationToken)
    {
        measured?.OnEndpoint(endpoint);
        var outgoing = UpstreamVersion.Apply(changed?.Outgoing ?? request, endpoint.Protocol);
        var trace = TraceHeaders.Absent(outgoing);
        HttpRequestException refused;
        try
        {
            var response = await endpoint.SendAsync(outgoing, cancellationToken).ConfigureAwait(false);
            endpoint.OnConnected();
            response.RequestMessage = request;
            changed?.Finish(response);
            TrackedContent.Attach(response, endpoint);
            return response;
        }
        catch (HttpRequestException exception) when (exception.InnerException is EndpointConnectException)
        {
            endpoint.OnConnectFailed();
            endpoint.Release();
            refused = exception;
        }
        catch
        {
            endpoint.Release();
            throw;
        }
        finally
        {
            trace.Remove(outgoing);
        }

        var next = nextAttempt != NoAttempt
            ? SendToClusterAsync(request, changed, authority, cluster, hash, measured?.Call, measured, nextAttempt, endpoint, cancellationToken)
            : FailAsync(request, authority, new MeshFailure(MeshFailureReason.ConnectFailure, $"cluster '{cluster.Name}': {refused.InnerException?.Message}", refused));
        return await next.ConfigureAwait(false);
    }

    private Task<HttpResponseMessage> FailAsync(HttpRequestMessage request, MeshAuthority authority, MeshFailure failure)
    {
        metrics.OnFailed(failure.Reason, authority.Host);
        return failure.ToCallerAsync(request);
    }

    /// <summary>Where the request's own URI points, whatever Host it sends: that is where it would go without the mesh.</summary>
    private static EndpointState Find(OriginalDestinations destinations, HttpRequestMessage request)
    {
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        return destinations.Find(uri.IdnHost, uri.Port);
    }

    /// <summary>Picks an endpoint; looks a few times for another than one that has just refused a connection.</summary>
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
