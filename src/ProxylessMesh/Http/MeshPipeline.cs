using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>
/// The road of a request through the mesh, stage by stage. Lock-free: each stage reads one immutable object, once. A request
/// waits only for configuration that it needs and that has not come yet; its caller's token ends every wait.
/// </summary>
internal sealed class MeshPipeline(ListenerTable listeners, IRandomSource random, TimeProvider timeProvider, CallMetrics metrics)
{
    /// <summary>How many endpoints a request tries when none of them takes it: nothing of the request was processed by then.</summary>
    private const int MaxConnectAttempts = 3;

    private const int NoAttempt = 0;

    private readonly RequestRouter _router = new(random, timeProvider);
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
    {
        if (_isClosed)
        {
            return Task.FromException<HttpResponseMessage>(new ObjectDisposedException("ProxylessMesh.Mesh"));
        }

        // 1. The listener: what the control plane says of this authority.
        var listener = authority.Listener.View;
        if (listener.IsPending)
        {
            return WaitAndSendAsync(authority.Listener.WaitForChangeAsync(listener, cancellationToken), request, authority, cancellationToken);
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
                return WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), request, authority, cancellationToken);
            }

            outcome = standIn;
            cluster = outcome.Cluster;
        }

        // 4. The request as its route has it: the caller's own, unless the route changes something.
        ChangedRequest? changed = null;
        if (!outcome.Choice!.IsPlain && _router.Change(request, authority, in outcome, out changed) is { } failure)
        {
            return FailAsync(request, authority, failure);
        }

        // 5. An endpoint, and its connections.
        return SendToClusterAsync(request, changed, authority, cluster, attempt: 1, failed: null, cancellationToken);
    }

    /// <summary>Begins anew once configuration has changed.</summary>
    private async Task<HttpResponseMessage> WaitAndSendAsync(Task change, HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
    {
        await change.ConfigureAwait(false);
        return await SendAsync(request, authority, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="request">The caller's request.</param>
    /// <param name="changed">What becomes of it, where its route changes something.</param>
    /// <param name="authority">Where to begin anew, should the cluster be gone.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="attempt">1 for the first.</param>
    /// <param name="failed">The endpoint of the attempt before.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(
        HttpRequestMessage request, ChangedRequest? changed, MeshAuthority authority, ClusterState cluster, int attempt, EndpointState? failed, CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return FailAsync(request, authority, new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}"));
            }

            if (view.Picker is null)
            {
                // It changed since the request was routed. Retired: the routes are other ones by now.
                return view.IsRetired
                    ? SendAsync(request, authority, cancellationToken)
                    : WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), request, authority, cancellationToken);
            }

            var endpoint = Pick(view, failed);
            if (endpoint is null)
            {
                return FailAsync(request, authority, new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint"));
            }

            if (endpoint.TryAcquire())
            {
                var isLast = attempt >= Math.Min(MaxConnectAttempts, view.Endpoints.Length);
                var nextAttempt = isLast ? NoAttempt : attempt + 1;

                // Trying another endpoint because none of the request was processed is still the same attempt, as a wait for a connection is in gRPC.
                var measured = attempt == 1 && metrics.IsEnabled ? new MeasuredAttempt(metrics, timeProvider, changed?.Outgoing ?? request, authority, cluster.Name) : null;
                var sending = SendToEndpointAsync(request, changed, authority, cluster, endpoint, nextAttempt, cancellationToken);
                return measured is null ? sending : measured.SeeAsync(sending);
            }

            // It left the configuration after the view was read: there is a newer one.
        }
    }

    /// <param name="request">The caller's request.</param>
    /// <param name="changed">What becomes of it, where its route changes something.</param>
    /// <param name="authority">As for the cluster.</param>
    /// <param name="cluster">The endpoint's cluster.</param>
    /// <param name="endpoint">The endpoint, with a lease that this method gives back or hands to the response.</param>
    /// <param name="nextAttempt">The attempt that follows if the endpoint refuses the connection or the request, or <see cref="NoAttempt"/>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private async Task<HttpResponseMessage> SendToEndpointAsync(
        HttpRequestMessage request, ChangedRequest? changed, MeshAuthority authority, ClusterState cluster, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        HttpRequestException refused;
        try
        {
            var response = await endpoint.SendAsync(changed?.Outgoing ?? request, cancellationToken).ConfigureAwait(false);
            endpoint.OnConnected();
            changed?.Finish(response);
            TrackedContent.Attach(response, endpoint);
            return response;
        }
        catch (HttpRequestException exception) when (EndpointRefusal.IsRefusal(exception))
        {
            // Nothing of the request was processed: it may go to another endpoint.
            if (exception.InnerException is EndpointConnectException)
            {
                endpoint.OnConnectFailed();
            }

            endpoint.Release();
            refused = exception;
        }
        catch
        {
            endpoint.Release();
            throw;
        }

        var next = nextAttempt != NoAttempt && EndpointRefusal.MayGoElsewhere(refused)
            ? SendToClusterAsync(request, changed, authority, cluster, nextAttempt, endpoint, cancellationToken)
            : FailAsync(request, authority, MeshFailure.Refused(cluster.Name, endpoint.Address, refused));
        return await next.ConfigureAwait(false);
    }

    private Task<HttpResponseMessage> FailAsync(HttpRequestMessage request, MeshAuthority authority, MeshFailure failure)
    {
        metrics.OnFailed(failure.Reason, authority.Host);
        return failure.ToCallerAsync(request);
    }

    /// <summary>Picks an endpoint; looks a few times for another than one that has just refused.</summary>
    private EndpointState? Pick(ClusterView view, EndpointState? failed)
    {
        var context = new PickContext(random);
        EndpointState? endpoint = null;
        for (var i = 0; i < MaxConnectAttempts; i++)
        {
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
