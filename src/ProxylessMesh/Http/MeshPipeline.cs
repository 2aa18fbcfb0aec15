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

    private const int NoAttempt = 0;

    /// <summary>Never leaves this class: the cluster was retired before an endpoint was reached, and the caller routes the request again.</summary>
    private static readonly Task<HttpResponseMessage> RouteAgain = Task.FromResult(new HttpResponseMessage());

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
            return new MeshFailure(MeshFailureReason.NoListener, $"no route configuration for '{authority.Host}': {listener.Error?.Message}").ToCallerAsync(request);
        }

        // 2. The route, and one of its clusters by weight; or an answer without one.
        var outcome = _router.Route(request, authority, listener.Routes);
        if (outcome.Failure is not null)
        {
            return outcome.Failure.ToCallerAsync(request);
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
            cluster = standIn.Cluster;
        }

        // 4. An endpoint, and its connections.
        return outcome.Choice!.IsPlain
            ? SendToClusterAsync(request, authority, cluster, attempt: 1, failed: null, cancellationToken)
            : SendChangedAsync(request, authority, outcome, cancellationToken);
    }

    /// <summary>Begins anew once configuration has changed.</summary>
    private async Task<HttpResponseMessage> WaitAndSendAsync(Task change, HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
    {
        await change.ConfigureAwait(false);
        return await SendAsync(request, authority, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends the request as its route has it, and gives back the response as its route has that.</summary>
    private async Task<HttpResponseMessage> SendChangedAsync(HttpRequestMessage request, MeshAuthority authority, RouteOutcome outcome, CancellationToken cancellationToken)
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
                var failure = new MeshFailure(MeshFailureReason.NoRoute, $"route '{outcome.Route!.Name}' rewrites the host to what is none: {exception.Message}", exception);
                return await failure.ToCallerAsync(request).ConfigureAwait(false);
            }
        }

        var response = await SendToClusterAsync(outgoing, authority: null, outcome.Cluster!, attempt: 1, failed: null, cancellationToken).ConfigureAwait(false);
        if (ReferenceEquals(response, await RouteAgain.ConfigureAwait(false)))
        {
            return await SendAsync(request, authority, cancellationToken).ConfigureAwait(false);
        }

        response.RequestMessage = request;
        if (choice.Headers.HasResponse && context is not null)
        {
            var headers = new ResponseHeaderMap(response);
            choice.Headers.ApplyToResponse(headers, context with { Response = headers, ResponseCode = (int)response.StatusCode });
        }

        return response;
    }

    /// <param name="request">The request.</param>
    /// <param name="authority">Where to begin anew, should the cluster be gone; <see langword="null"/> when the caller does, told by <see cref="RouteAgain"/>.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="attempt">1 for the first.</param>
    /// <param name="failed">The endpoint of the attempt before.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(
        HttpRequestMessage request, MeshAuthority? authority, ClusterState cluster, int attempt, EndpointState? failed, CancellationToken cancellationToken)
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
                // It changed since the request was routed: the routes may be other ones by now.
                return authority is null ? RouteAgain : SendAsync(request, authority, cancellationToken);
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
        HttpRequestMessage request, MeshAuthority? authority, ClusterState cluster, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
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
