using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Routing;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>
/// The road of a request through the mesh, stage by stage. Lock-free: each stage reads one immutable object, once. A request
/// waits only for configuration that it needs and that has not come yet; its caller's token ends every wait.
/// </summary>
internal sealed class MeshPipeline(ListenerTable listeners, IRandomSource random)
{
    /// <summary>How many endpoints a request tries when none of them accepts a connection. Nothing of the request was sent by then.</summary>
    private const int MaxConnectAttempts = 3;

    private const int NoAttempt = 0;

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
            return new MeshFailure(MeshFailureReason.NoListener, $"no route configuration for '{authority.Host}': {listener.Error?.Message}").ToCallerAsync(request);
        }

        // 2. The route, and one of its clusters by weight.
        var failure = Route(request, authority, listener.Routes, out var cluster);
        if (failure is not null)
        {
            return failure.ToCallerAsync(request);
        }

        // 3. The cluster. One that is still on its way: where the request would have gone before, or wait for it.
        var view = cluster!.View; // set when there is no failure
        if (view.IsPending)
        {
            if (listener.StandIn is null || Route(request, authority, listener.StandIn, out var standIn) is not null || standIn!.View.IsPending)
            {
                return WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), request, authority, cancellationToken);
            }

            cluster = standIn;
        }

        // 4. An endpoint, and its connections.
        return SendToClusterAsync(request, authority, cluster, attempt: 1, failed: null, cancellationToken);
    }

    /// <summary>Begins anew once configuration has changed.</summary>
    private async Task<HttpResponseMessage> WaitAndSendAsync(Task change, HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
    {
        await change.ConfigureAwait(false);
        return await SendAsync(request, authority, cancellationToken).ConfigureAwait(false);
    }

    private MeshFailure? Route(HttpRequestMessage request, MeshAuthority authority, RouteTable<ClusterState> routes, out ClusterState? cluster)
    {
        cluster = null;
        var host = request.Headers.Host ?? authority.Host;
        var virtualHost = ReferenceEquals(host, authority.Host) ? authority.FindVirtualHost(routes) : routes.FindVirtualHost(host);
        if (virtualHost is null)
        {
            return new MeshFailure(MeshFailureReason.NoRoute, $"no virtual host of route configuration '{routes.Name}' answers for host '{host}'");
        }

        var path = request.RequestUri!.PathAndQuery; // a request without a URI does not enter the mesh
        var query = path.IndexOf('?', StringComparison.Ordinal);
        var route = virtualHost.Match(query < 0 ? path : path.AsSpan(0, query), new RequestHeaders(request, host));
        switch (route)
        {
            case ForwardRoute<ClusterState> forward:
                cluster = forward.PickCluster(random);
                return null;
            case UnsupportedRoute<ClusterState> unsupported:
                return new MeshFailure(
                    MeshFailureReason.UnsupportedRoute,
                    $"route '{unsupported.Name}' of virtual host '{virtualHost.Name}' says '{unsupported.Field}', which this version does not carry out");
            default:
                return new MeshFailure(
                    MeshFailureReason.NoRoute,
                    $"no route of virtual host '{virtualHost.Name}' in route configuration '{routes.Name}' matches {request.Method} {path}");
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="authority">Where to begin anew, should the cluster be gone.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="attempt">1 for the first.</param>
    /// <param name="failed">The endpoint of the attempt before.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(
        HttpRequestMessage request, MeshAuthority authority, ClusterState cluster, int attempt, EndpointState? failed, CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}").ToCallerAsync(request);
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
                return new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint").ToCallerAsync(request);
            }

            if (endpoint.TryAcquire())
            {
                var isLast = attempt >= Math.Min(MaxConnectAttempts, view.Endpoints.Length);
                return SendToEndpointAsync(request, authority, cluster, endpoint, isLast ? NoAttempt : attempt + 1, cancellationToken);
            }

            // It left the configuration after the view was read: there is a newer one.
        }
    }

    /// <param name="request">The request.</param>
    /// <param name="authority">As for the cluster.</param>
    /// <param name="cluster">The endpoint's cluster.</param>
    /// <param name="endpoint">The endpoint, with a lease that this method gives back or hands to the response.</param>
    /// <param name="nextAttempt">The attempt that follows if the endpoint refuses the connection, or <see cref="NoAttempt"/>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private async Task<HttpResponseMessage> SendToEndpointAsync(
        HttpRequestMessage request, MeshAuthority authority, ClusterState cluster, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        HttpRequestException refused;
        try
        {
            var response = await endpoint.SendAsync(request, cancellationToken).ConfigureAwait(false);
            endpoint.OnConnected();
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

        var next = nextAttempt != NoAttempt
            ? SendToClusterAsync(request, authority, cluster, nextAttempt, endpoint, cancellationToken)
            : new MeshFailure(MeshFailureReason.ConnectFailure, $"cluster '{cluster.Name}': {refused.InnerException?.Message}", refused).ToCallerAsync(request);
        return await next.ConfigureAwait(false);
    }

    /// <summary>Picks an endpoint; looks a few times for another than one that has just refused a connection.</summary>
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
