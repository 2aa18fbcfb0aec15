using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Routing;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>
/// The road of a request through the mesh, stage by stage. Lock-free: each stage reads one immutable object, once. A request
/// waits only for configuration that it needs and that has not come yet; its caller's token ends every wait.
/// </summary>
internal sealed class MeshPipeline(ListenerTable listeners, IRandomSource random, TimeProvider timeProvider)
{
    /// <summary>How many endpoints a request tries when none of them accepts a connection. Nothing of the request was sent by then.</summary>
    private const int MaxConnectAttempts = 3;

    private readonly RequestRouter _router = new(random, timeProvider);
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

            // 2. The route, and one of its clusters by weight; or an answer without one.
            var outcome = _router.Route(request, authority, listener.Routes);
            if (outcome.Failure is not null)
            {
                return outcome.Failure.ToCaller(request);
            }

            if (outcome.Reply is not null)
            {
                return outcome.Reply;
            }

            // 3. The cluster. One that is still on its way: where the request would have gone before, or wait for it.
            var cluster = outcome.Cluster!; // set when there is neither failure nor reply
            var view = cluster.View;
            if (view.IsPending)
            {
                var standIn = listener.StandIn is null ? outcome : _router.Route(request, authority, listener.StandIn);
                if (standIn.Cluster?.View.IsPending != false)
                {
                    await cluster.WaitForChangeAsync(view, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                outcome = standIn;
                cluster = outcome.Cluster;
            }

            // 4. An endpoint, and its connections.
            var sending = outcome.Choice!.IsPlain
                ? SendToClusterAsync(request, cluster, cancellationToken)
                : SendChangedAsync(request, authority, outcome, cancellationToken);
            var response = await sending.ConfigureAwait(false);
            if (response is not null)
            {
                return response;
            }

            // The cluster was retired while we looked at it: the routes are other ones by now.
        }
    }

    /// <summary>Sends the request as its route has it, and gives back the response as its route has that.</summary>
    /// <returns>The response, or <see langword="null"/> when the cluster was retired and the request must be routed again.</returns>
    private async Task<HttpResponseMessage?> SendChangedAsync(HttpRequestMessage request, MeshAuthority authority, RouteOutcome outcome, CancellationToken cancellationToken)
    {
        var choice = outcome.Choice!; // the caller has seen that it forwards
        var outgoing = choice.ChangesRequest ? OutgoingRequest.Copy(request) : request;
        var context = _router.Context(outgoing, authority, in outcome);
        if (choice.ChangesRequest && context is not null)
        {
            try
            {
                RequestRewrite.Apply(outcome.Route!, choice, context.Request, context);
            }
            catch (FormatException exception)
            {
                // The host comes from the request, and is none.
                return new MeshFailure(MeshFailureReason.NoRoute, $"route '{outcome.Route!.Name}' rewrites the host to what is none: {exception.Message}", exception).ToCaller(request);
            }
        }

        var response = await SendToClusterAsync(outgoing, outcome.Cluster!, cancellationToken).ConfigureAwait(false);
        if (response is null || context is null)
        {
            return response;
        }

        response.RequestMessage = request;
        if (choice.Headers.HasResponse)
        {
            var headers = new ResponseHeaderMap(response);
            choice.Headers.ApplyToResponse(headers, context with { Response = headers, ResponseCode = (int)response.StatusCode });
        }

        return response;
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
