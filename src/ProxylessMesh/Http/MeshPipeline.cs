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

    private volatile bool _isClosed;

    public ListenerTable Listeners => listeners;

    /// <summary>The mesh ends: requests that wait for configuration, and new ones, fail. Those at an endpoint go on.</summary>
    public void Close()
    {
        _isClosed = true;
        listeners.Close();
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);

            // 1. The listener: what the control plane says of this authority.
            var listener = authority.Listener.View;
            if (listener.IsPending)
            {
                await authority.Listener.WaitForChangeAsync(listener, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (listener.Routes is null)
            {
                return new MeshFailure(MeshFailureReason.NoListener, $"no route configuration for '{authority.Host}': {listener.Error?.Message}").ToCaller(request);
            }

            // 2. The route, and one of its clusters by weight.
            var failure = Route(request, authority, listener.Routes, out var cluster);
            if (failure is not null)
            {
                return failure.ToCaller(request);
            }

            // 3. The cluster. One that is still on its way: where the request would have gone before, or wait for it.
            var view = cluster!.View; // set when there is no failure
            if (view.IsPending)
            {
                if (listener.StandIn is null || Route(request, authority, listener.StandIn, out var standIn) is not null || standIn!.View.IsPending)
                {
                    await cluster.WaitForChangeAsync(view, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                cluster = standIn;
            }

            // 4. An endpoint, and its connections.
            var response = await SendToClusterAsync(request, cluster, cancellationToken).ConfigureAwait(false);
            if (response is not null)
            {
                return response;
            }

            // The cluster was retired while we looked at it: the routes are other ones by now.
        }
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

    /// <returns>The response, or <see langword="null"/> when the cluster was retired and the request must be routed again.</returns>
    private async Task<HttpResponseMessage?> SendToClusterAsync(HttpRequestMessage request, ClusterState cluster, CancellationToken cancellationToken)
    {
        EndpointState? failed = null;
        for (var attempt = 1; ;)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}").ToCaller(request);
            }

            if (view.Picker is null)
            {
                if (view.IsRetired)
                {
                    return null;
                }

                await cluster.WaitForChangeAsync(view, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var endpoint = Pick(view, failed);
            if (endpoint is null)
            {
                return new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint").ToCaller(request);
            }

            if (!endpoint.TryAcquire())
            {
                continue; // it left the configuration after the view was read: there is a newer one
            }

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
                if (attempt++ >= Math.Min(MaxConnectAttempts, view.Endpoints.Length))
                {
                    return new MeshFailure(MeshFailureReason.ConnectFailure, $"cluster '{cluster.Name}': {exception.InnerException.Message}", exception).ToCaller(request);
                }

                failed = endpoint;
            }
            catch
            {
                endpoint.Release();
                throw;
            }
        }
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
