using ProxylessMesh.Clusters;
using ProxylessMesh.Filters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>
/// The road of a request through the mesh, stage by stage. Lock-free: each stage reads one immutable object, once. A request
/// waits only for configuration that it needs and that has not come yet; its caller's token ends every wait.
/// </summary>
internal sealed class MeshPipeline
{
    private readonly ListenerTable _listeners;
    private readonly OnDemandClusters _onDemand;
    private readonly TimeProvider _timeProvider;
    private readonly CallMetrics _metrics;
    private readonly RequestRouter _router;
    private readonly RequestDeadlines _deadlines;
    private readonly EndpointStage _endpoints;
    private readonly RequestMirrors _mirrors;
    private readonly RequestExplainer _explainer;
    private volatile bool _isClosed;

    /// <param name="listeners">The authorities and their listeners.</param>
    /// <param name="onDemand">The clusters that requests name.</param>
    /// <param name="rules">What the control plane may do to requests.</param>
    /// <param name="random">For weights and picks.</param>
    /// <param name="timeProvider">For deadlines and what headers say.</param>
    /// <param name="metrics">Where requests are counted.</param>
    /// <param name="origin">Who this process is, for hash policies.</param>
    /// <param name="explainer">Has requests explained where somebody asks.</param>
    /// <param name="mirrors">Sends copies of requests where routes ask for it; ended with the pipeline.</param>
    public MeshPipeline(
        ListenerTable listeners,
        OnDemandClusters onDemand,
        RouteRules rules,
        IRandomSource random,
        TimeProvider timeProvider,
        CallMetrics metrics,
        HashOrigin origin,
        RequestExplainer explainer,
        RequestMirrors mirrors)
    {
        _explainer = explainer;
        _mirrors = mirrors;
        _listeners = listeners;
        _onDemand = onDemand;
        _timeProvider = timeProvider;
        _metrics = metrics;
        _router = new RequestRouter(random, timeProvider, rules, new RequestHasher(origin, random));
        _deadlines = new RequestDeadlines(timeProvider);
        _endpoints = new EndpointStage(new AttemptEnvironment(this, random, timeProvider, _deadlines, rules.IsGrpcDialect, metrics));
    }

    public ListenerTable Listeners => _listeners;

    public OnDemandClusters OnDemand => _onDemand;

    /// <summary>The mesh ends: requests that wait for configuration, and new ones, fail. Those at an endpoint go on.</summary>
    public void Close()
    {
        _isClosed = true;
        _listeners.Close();
        _onDemand.Dispose();
        _mirrors.Dispose();
    }

    /// <summary>Up to an endpoint nothing waits as a rule, so that a request costs one state machine: the last stage's.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, MeshAuthority authority, CancellationToken cancellationToken)
    {
        var call = MeasuredCall.TryStart(_metrics, _timeProvider, request, authority);
        var explanation = _explainer.TryStart(request, authority);
        var caller = new CallerRequest(request, authority, call) { Explanation = explanation };
        return call is null && explanation is null ? SendAsync(in caller, cancellationToken) : FollowAsync(caller, cancellationToken);
    }

    /// <summary>Somebody wants to know what becomes of the request.</summary>
    private Task<HttpResponseMessage> FollowAsync(CallerRequest caller, CancellationToken cancellationToken)
    {
        var sending = caller.Call?.RunAsync(_ => SendAsync(in caller, cancellationToken)) ?? SendAsync(in caller, cancellationToken);
        return caller.Explanation is { } explanation ? _explainer.FollowAsync(explanation, sending) : sending;
    }

    /// <param name="caller">The caller's request.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    public Task<HttpResponseMessage> SendAsync(in CallerRequest caller, CancellationToken cancellationToken)
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
            caller.Explanation?.OnNote($"waits for listener '{authority.Listener.Name}'");
            return WaitAndSendAsync(authority.Listener.WaitForChangeAsync(listener, cancellationToken), caller, route: "", cancellationToken);
        }

        if (listener.Routes is null)
        {
            return FailAsync(in caller, new MeshFailure(MeshFailureReason.NoListener, $"no route configuration for '{authority.Host}': {listener.Error?.Message}"));
        }

        // 2. The route, and one of its clusters by weight; or an answer without one.
        var outcome = _router.Route(request, authority, listener.Routes, caller.Explanation);
        if (outcome.Failure is not null)
        {
            return FailAsync(in caller, outcome.Failure);
        }

        // 3. The filters that act on its route: they may answer it, change it, or have it wait.
        return outcome.Filters is { } filters && !caller.IsFiltered
            ? FilterAsync(caller with { IsFiltered = true }, listener, in outcome, filters, cancellationToken)
            : RunRouteAsync(in caller, listener, in outcome, cancellationToken);
    }

    /// <summary>Has the filters look at a request, one after the other, until one has something to do.</summary>
    private Task<HttpResponseMessage> FilterAsync(in CallerRequest caller, ListenerView listener, in RouteOutcome outcome, FilterPlan plan, CancellationToken cancellationToken)
    {
        var request = new FilterRequest(caller.Message, plan.Route, caller.Message.Headers.Host ?? caller.Authority.Host, outcome.Path)
        {
            ClusterName = outcome.ClusterName ?? plan.Route.ClusterName,
            Explanation = caller.Explanation,
        };
        for (var i = 0; i < plan.Filters.Length; i++)
        {
            if (plan.Filters[i].Begin(in request) is { } action)
            {
                return new FilterRun(this, caller, listener, outcome, plan, _timeProvider).RunAsync(action, in request, i, cancellationToken);
            }

            caller.Explanation?.OnFilter(plan.Names[i], FilterRun.Idle);
        }

        return RunRouteAsync(in caller, listener, in outcome, cancellationToken);
    }

    /// <summary>Does what the route says with a request that has been through the filters.</summary>
    public Task<HttpResponseMessage> RunRouteAsync(in CallerRequest caller, ListenerView listener, in RouteOutcome outcome, CancellationToken cancellationToken)
    {
        if (outcome.Reply is not null)
        {
            caller.Explanation?.OnEnd("", ResponseDetails.DirectResponse);
            return Task.FromResult(outcome.Reply);
        }

        // 4. The time it may take, whatever else happens to it.
        var limits = _router.TimeoutOf(caller.Message, in outcome, listener.Routes!.Connection); // the outcome is of these routes
        return (limits.Timeout is null && limits.Idle is null) || caller.Deadline is not null
            ? ForwardAsync(in caller, listener, in outcome, in limits, cancellationToken)
            : ForwardInTimeAsync(caller, listener, outcome, limits, cancellationToken);
    }

    /// <summary>Forwards a request whose time is limited: the limit belongs to it until the end of the response's body.</summary>
    private async Task<HttpResponseMessage> ForwardInTimeAsync(CallerRequest caller, ListenerView listener, RouteOutcome outcome, RequestTimeout limits, CancellationToken cancellationToken)
    {
        var request = caller.Message;
        var deadline = _deadlines.Begin(limits.Stream, limits.Route, limits.Idle, isKept: request.Content is null, cancellationToken);
        try
        {
            if (ForwardedContent.IsAtHand(request.Content) && !OutgoingRequest.IsUpgrade(request))
            {
                deadline.OnSent();
            }

            var response = await ForwardAsync(caller with { Deadline = deadline }, listener, in outcome, in limits, deadline.Token).ConfigureAwait(false);
            deadline.OnActivity();
            deadline.LeaveCaller();
            var timed = new TimedBody(deadline, outcome.Route!.Name, response, GrpcMessage.IsGrpc(request)); // the outcome is to forward
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

    private Task<HttpResponseMessage> ForwardAsync(in CallerRequest caller, ListenerView listener, in RouteOutcome outcome, in RequestTimeout limits, CancellationToken cancellationToken)
    {
        // 5. The cluster: the route's, or the one that the request names.
        var cluster = outcome.Cluster;
        var route = outcome.Route!.Name; // neither failure nor reply
        if (cluster is null)
        {
            var demanded = _onDemand.Find(outcome.ClusterName ?? "");
            cluster = demanded?.Cluster;
            if (demanded is null)
            {
                return NotFoundAsync(in caller, in outcome, $"route '{route}' goes where its cluster_header says, and '{outcome.ClusterName}' is no cluster that could be asked for");
            }

            if (cluster is null || cluster.View.IsPending)
            {
                caller.Explanation?.OnNote($"waits for cluster '{outcome.ClusterName}', which it names itself");
                return WaitAndSendAsync(demanded.WaitAsync(cancellationToken), caller, route, cancellationToken);
            }
        }

        // One that is still on its way: where the request would have gone before, or wait for it.
        var view = cluster.View;
        if (!view.IsPending)
        {
            return ForwardAsync(in caller, in outcome, in limits, cluster, view, cancellationToken);
        }

        var standIn = listener.StandIn is null ? outcome : _router.Route(caller.Message, caller.Authority, listener.StandIn, caller.Explanation);
        if (standIn.Cluster?.View is { IsPending: false } ready)
        {
            caller.Explanation?.OnNote($"cluster '{cluster.Name}' has not come yet: the routes before stand in");
            return ForwardAsync(in caller, in standIn, in limits, standIn.Cluster, ready, cancellationToken);
        }

        caller.Explanation?.OnNote($"waits for cluster '{cluster.Name}'");
        return WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), caller, route, cancellationToken);
    }

    private Task<HttpResponseMessage> ForwardAsync(
        in CallerRequest caller, in RouteOutcome outcome, in RequestTimeout limits, ClusterState cluster, ClusterView view, CancellationToken cancellationToken)
    {
        if (caller.Mirrored is null && !outcome.Route!.Action.Mirrors.IsEmpty)
        {
            return MirrorAsync(in caller, in outcome, in limits, cluster, view, cancellationToken);
        }

        if (caller.Explanation is { } explanation)
        {
            ExplanationNotes.OnCluster(explanation, in caller, in outcome, cluster.Name, in limits);
        }

        if (view.IsAbsent)
        {
            return NotFoundAsync(in caller, in outcome, $"cluster '{cluster.Name}': {view.Error?.Message}");
        }

        // 6. Its hash, if the cluster asks for one; and the request as its route has it: the caller's own, unless the route changes something.
        var (request, authority, _) = caller;
        List<string>? newCookies = null;
        var hash = view.Picker is { NeedsHash: true } ? _router.Hash(request, authority, in outcome, view.Config?.LoadBalancer, out newCookies) : RequestHash.None;
        var hop = _router.HopOf(request, in outcome, in limits);
        if (_router.Change(in caller, in outcome, cluster.Name, in limits, in hop, newCookies, out var changed) is { } failure)
        {
            return FailAsync(in caller, failure);
        }

        caller.Mirrored?.Start(changed?.Outgoing ?? request, authority.Host, in hop);

        // 7. An endpoint, and its connections.
        var attempts = outcome.Route!.Attempts; // the outcome is to forward
        var routed = new RoutedRequest(
            request, authority, cluster, RoutedExtras.Of(in caller, changed, outcome.Route.Name, in hop, hash), attempts, attempts is null || request.Content is null ? 0 : _timeProvider.GetTimestamp());
        return _endpoints.SendAsync(in routed, cancellationToken);
    }

    /// <summary>Forwards a request that may go elsewhere as well.</summary>
    private Task<HttpResponseMessage> MirrorAsync(
        in CallerRequest caller, in RouteOutcome outcome, in RequestTimeout limits, ClusterState cluster, ClusterView view, CancellationToken cancellationToken)
    {
        var mirrored = _mirrors.Draw(in caller, in outcome, in limits);
        var sending = ForwardAsync(caller with { Mirrored = mirrored, Message = mirrored.Share(caller.Message) }, in outcome, in limits, cluster, view, cancellationToken);
        return mirrored.IsShared ? mirrored.EndAsync(sending, caller.Message) : sending;
    }

    /// <summary>Begins anew once configuration has changed.</summary>
    public async Task<HttpResponseMessage> WaitAndSendAsync(Task change, CallerRequest caller, string route, CancellationToken cancellationToken)
    {
        var start = _timeProvider.GetTimestamp();
        try
        {
            await change.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (caller.Deadline is { IsExpired: true } deadline)
        {
            return await FailAsync(in caller, MeshFailure.Timeout(deadline, route, " before its cluster has come")).ConfigureAwait(false);
        }

        var waited = _timeProvider.GetElapsedTime(start);
        caller.Explanation?.OnWaited(waited);
        return await SendAsync(caller with { Waited = caller.Waited + waited }, cancellationToken).ConfigureAwait(false);
    }

    private Task<HttpResponseMessage> NotFoundAsync(in CallerRequest caller, in RouteOutcome outcome, string reason)
    {
        _metrics.OnFailed(MeshFailureReason.ClusterUnavailable, caller.Authority.Host);
        caller.Explanation?.OnNote(reason);
        caller.Explanation?.OnEnd(ResponseFlags.NoCluster, ResponseDetails.ClusterNotFound);
        return Task.FromResult(_router.NotFound(caller.Message, caller.Authority, in outcome, reason));
    }

    public Task<HttpResponseMessage> FailAsync(in CallerRequest caller, MeshFailure failure)
    {
        _metrics.OnFailed(failure.Reason, caller.Authority.Host);
        caller.Call?.OnFailed(failure.Flags, failure.Details);
        caller.Explanation?.OnNote(failure.Message);
        caller.Explanation?.OnEnd(failure.Flags, failure.Details);
        return failure.ToCallerAsync(caller.Message);
    }
}
