using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>
/// Asks the routes about a request, and does to request and response what its route says. A route that changes nothing
/// costs nothing but the look-up.
/// </summary>
/// <param name="random">Draws for weights and fractions.</param>
/// <param name="timeProvider">For what headers say of the time.</param>
/// <param name="rules">What the control plane may do to requests.</param>
/// <param name="hasher">Hashes requests for clusters that balance by hashes.</param>
internal sealed class RequestRouter(IRandomSource random, TimeProvider timeProvider, RouteRules rules, RequestHasher hasher)
{
    private static readonly TimeSpan MinGrpcTimeout = TimeSpan.FromMilliseconds(1);

    /// <param name="request">The caller's request.</param>
    /// <param name="authority">What it asks for.</param>
    /// <param name="routes">The routes.</param>
    /// <param name="explanation">The request's, where somebody asked for one.</param>
    public RouteOutcome Route(HttpRequestMessage request, MeshAuthority authority, RouteTable<ClusterState> routes, RequestExplanation? explanation = null)
    {
        // 1. The path in its normal form, and the virtual host.
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        var normalized = PathNormalizer.Normalize(uri.PathAndQuery, routes.Connection.Path);
        if (normalized.LocalStatus != 0)
        {
            explanation?.OnEnd("", normalized.LocalStatus == NormalizedPath.Rejected ? ResponseDetails.PathNormalizationFailed : ResponseDetails.DirectResponse);
            return RouteOutcome.Answer(LocalResponse.Create(
                request, normalized.LocalStatus, location: normalized.LocalStatus == NormalizedPath.Redirected ? normalized.PathAndQuery : null));
        }

        var path = normalized.PathAndQuery;
        var changedPath = ReferenceEquals(path, uri.PathAndQuery) ? null : path;
        var host = request.Headers.Host ?? authority.Host;
        var virtualHost = ReferenceEquals(host, authority.Host) ? authority.FindVirtualHost(routes) : routes.FindVirtualHost(host);
        var headers = new RequestHeaders(request, host, changedPath, rules.IsGrpcDialect);
        if (virtualHost is null)
        {
            if (explanation is not null)
            {
                ExplanationNotes.OnRouted(explanation, routes, host, virtualHost: null, route: null, path, in headers);
            }

            return RouteOutcome.Fail(MeshFailureReason.NoRoute, $"no virtual host of route configuration '{routes.Name}' answers for host '{host}'");
        }

        // 2. TLS where it is required. A caller inside the mesh is an internal one.
        if (TlsRedirect.IsNeeded(virtualHost.Config.RequireTls, uri.Scheme, isInternal: true))
        {
            explanation?.OnNote($"virtual host '{virtualHost.Name}' must be asked by TLS (require_tls)");
            return RouteOutcome.Answer(LocalResponse.Create(request, TlsRedirect.Status, TlsRedirect.Location(host, path)));
        }

        // 3. The route, and what it does.
        var route = virtualHost.Match(RequestPath.WithoutQuery(path), in headers, random);
        if (explanation is not null)
        {
            ExplanationNotes.OnRouted(explanation, routes, host, virtualHost, route, path, in headers);
        }

        switch (route)
        {
            case ForwardRoute<ClusterState> forward:
                var choice = forward.Pick(in headers, random);
                return RouteOutcome.Forward(routes.Connection, virtualHost, forward, choice, changedPath, choice.Cluster is null ? choice.ClusterNameOf(in headers) : null);

            case RedirectRoute<ClusterState> redirect:
                return RouteOutcome.Answer(LocalResponse.Create(
                    request, redirect.Status, redirect.Location(uri.Scheme, host, path), headers: redirect.Headers, context: Context(request, host, path, virtualHost, redirect)), redirect.Filters);

            case DirectResponseRoute<ClusterState> direct:
                return RouteOutcome.Answer(LocalResponse.Create(
                    request, direct.Status, body: direct.Body, headers: direct.Headers, context: Context(request, host, path, virtualHost, direct)), direct.Filters);

            case UnsupportedRoute<ClusterState> unsupported:
                return RouteOutcome.Fail(
                    MeshFailureReason.UnsupportedRoute,
                    $"route '{unsupported.Name}' of virtual host '{virtualHost.Name}' says '{unsupported.Field}', which this version does not carry out");

            default:
                return RouteOutcome.Fail(
                    MeshFailureReason.NoRoute,
                    $"no route of virtual host '{virtualHost.Name}' in route configuration '{routes.Name}' matches {request.Method} {RequestPath.WithoutQuery(path)}");
        }
    }

    /// <summary>How long the request may take. A limit that the caller keeps by itself is none.</summary>
    public RequestTimeout TimeoutOf(HttpRequestMessage request, in RouteOutcome outcome, HttpConnectionConfig connection)
    {
        var timeouts = outcome.Route!.Action.Timeouts; // the outcome is to forward
        var limits = LimitsOf(request, timeouts, connection);
        return (timeouts.Idle ?? connection.StreamIdle) is { } idle && idle > TimeSpan.Zero ? limits with { Idle = idle } : limits;
    }

    private RequestTimeout LimitsOf(HttpRequestMessage request, RouteTimeoutsConfig timeouts, HttpConnectionConfig connection)
    {
        if (timeouts.IsUnlimited && connection.MaxStreamDuration is null)
        {
            return default;
        }

        if (request.Content is null || !GrpcMessage.IsGrpc(request))
        {
            return RequestTimeout.Of(timeouts, grpcTimeout: null, connection.MaxStreamDuration);
        }

        var own = request.Headers.NonValidated.TryGetValues("grpc-timeout", out var values) ? values.ToString() : null;
        if (rules.IsGrpcDialect)
        {
            return RequestTimeout.OfGrpc(timeouts, own, connection.MaxStreamDuration);
        }

        var limits = RequestTimeout.Of(timeouts, own, connection.MaxStreamDuration);
        if (limits.GrpcTimeout is { } left)
        {
            return RequestTimeout.IsLonger(own, left) ? limits : default;
        }

        return limits.Timeout is { } limit && RequestTimeout.IsLonger(own, limit) ? limits with { GrpcTimeout = limit } : limits;
    }

    /// <summary>What the next hop is told.</summary>
    public HopHeaders HopOf(HttpRequestMessage request, in RouteOutcome outcome, in RequestTimeout limits) => new(
        limits.Route is null ? null : outcome.Route!.ExpectedTimeout, // the outcome is to forward
        outcome.VirtualHost!.Config.IncludeAttemptCount,
        MeshRequestId.For(request, outcome.Connection!.GeneratesRequestId ?? rules.GeneratesRequestIds));

    /// <summary>Answers a request whose cluster does not exist (<c>cluster_not_found_response_code</c>).</summary>
    public HttpResponseMessage NotFound(HttpRequestMessage request, MeshAuthority authority, in RouteOutcome outcome, string reason)
    {
        var (route, virtualHost, choice) = (outcome.Route!, outcome.VirtualHost!, outcome.Choice!); // the outcome is to forward
        var context = Context(request, request.Headers.Host ?? authority.Host, outcome.Path ?? request.RequestUri!.PathAndQuery, virtualHost, route);
        return LocalResponse.Create(request, route.Action.ClusterNotFoundStatus, reason: reason, headers: choice.Headers, context: context);
    }

    /// <summary>Hashes a request for a cluster that balances by hashes: by the cluster's own hash policies, or else its route's.</summary>
    /// <param name="request">The caller's request.</param>
    /// <param name="authority">What it asks for.</param>
    /// <param name="outcome">Where it goes.</param>
    /// <param name="balancer">How the cluster balances.</param>
    /// <param name="newCookies">The Set-Cookie headers that a policy made, or <see langword="null"/>.</param>
    /// <returns>The hash, for all of the request's attempts.</returns>
    public RequestHash Hash(HttpRequestMessage request, MeshAuthority authority, in RouteOutcome outcome, LoadBalancerConfig? balancer, out List<string>? newCookies)
    {
        var policies = balancer is HashingConfig { HashPolicies: { IsEmpty: false } own } ? own : outcome.Route?.Action.HashPolicies ?? [];
        return hasher.Hash(policies, new RequestHeaders(request, request.Headers.Host ?? authority.Host, outcome.Path), out newCookies);
    }

    /// <summary>Makes what is sent of the caller's request, where its route changes the request or the response.</summary>
    /// <param name="caller">The caller's request.</param>
    /// <param name="outcome">Where it goes.</param>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="limits">How long it may take.</param>
    /// <param name="hop">What the next hop is told.</param>
    /// <param name="newCookies">The Set-Cookie headers to add to its response, or <see langword="null"/>.</param>
    /// <param name="changed">What is sent in its place, or <see langword="null"/> when it is sent as it is.</param>
    /// <returns>Why it cannot be sent, or <see langword="null"/>.</returns>
    public MeshFailure? Change(in CallerRequest caller, in RouteOutcome outcome, string cluster, in RequestTimeout limits, in HopHeaders hop, List<string>? newCookies, out ChangedRequest? changed)
    {
        changed = null;
        var (request, authority, _) = caller;
        var deadline = caller.Deadline;
        var (route, virtualHost, choice) = (outcome.Route!, outcome.VirtualHost!, outcome.Choice!); // the outcome is to forward
        var awaitsSent = deadline is { AwaitsSent: true } or { AwaitsActivity: true } && !ForwardedContent.IsAtHand(request.Content);
        var takesEndpointHost = choice.TakesEndpointHost && rules.MayTakeEndpointHost;
        var grpcTimeout = GrpcTimeoutOf(in caller, in limits);
        var hints = CallerHints.AreIn(request);
        var isCopied = hints || choice.ChangesRequest || takesEndpointHost || awaitsSent || outcome.Path is not null || grpcTimeout is not null || hop.Replaces(request);
        if (!isCopied && !choice.Headers.HasResponse && newCookies is null)
        {
            return null;
        }

        // 1. A copy, with the path, the time and the body that it is sent with.
        var outgoing = isCopied ? OutgoingRequest.Copy(request, outcome.Path, awaitsSent ? deadline : null) : request;
        if (hints)
        {
            CallerHints.RemoveFrom(outgoing);
        }

        if (grpcTimeout is { } left)
        {
            outgoing.Headers.Remove("grpc-timeout");
            outgoing.Headers.TryAddWithoutValidation("grpc-timeout", RequestTimeout.Format(left));
        }

        // 2. What the route changes.
        var host = outgoing.Headers.Host ?? authority.Host;
        var context = Context(outgoing, host, outgoing.RequestUri!.PathAndQuery, virtualHost, route) with { ClusterName = cluster };
        if (choice.ChangesRequest)
        {
            try
            {
                RequestRewrite.Apply(route, choice, context.Request, context);
            }
            catch (FormatException exception)
            {
                // The host is made of what the request says, and is none.
                return new MeshFailure(MeshFailureReason.NoRoute, $"route '{route.Name}' of virtual host '{virtualHost.Name}' rewrites the host to what is none: {exception.Message}", exception);
            }
        }

        changed = new ChangedRequest(request, outgoing, choice, context)
        {
            NewCookies = newCookies ?? [],
            TakesEndpointHost = takesEndpointHost,
            ForwardedHost = takesEndpointHost && route.Action.AppendForwardedHost ? host : null,
        };
        return null;
    }

    /// <summary>What the next hop is told of a call's time; <see langword="null"/> leaves what the caller says.</summary>
    private static TimeSpan? GrpcTimeoutOf(in CallerRequest caller, in RequestTimeout limits)
    {
        var left = limits.GrpcTimeout is null ? null : caller.Deadline?.Remaining ?? limits.GrpcTimeout;
        if (caller.Waited == TimeSpan.Zero || OwnTimeout(caller.Message) is not { } own)
        {
            return left;
        }

        // The caller's own time went on while its request waited for configuration. When none is left, the caller is about to say so itself;
        // until then a next hop must not take a 0 for no limit at all.
        var ownLeft = own - caller.Waited;
        ownLeft = ownLeft > MinGrpcTimeout ? ownLeft : MinGrpcTimeout;
        return left < ownLeft ? left : ownLeft;
    }

    private static TimeSpan? OwnTimeout(HttpRequestMessage request)
        => GrpcMessage.IsGrpc(request) && request.Headers.NonValidated.TryGetValues("grpc-timeout", out var values) && RequestTimeout.TryParse(values.ToString(), out var own) ? own : null;

    private HeaderFormatContext Context(HttpRequestMessage request, string host, string path, VirtualHost<ClusterState> virtualHost, Route<ClusterState> route) => new()
    {
        Request = new RequestHeaderMap(request, host),
        Message = request,
        OriginalPath = path,
        Protocol = OutgoingRequest.ProtocolOf(request),
        StartTime = timeProvider.GetUtcNow(),
        RouteName = route.Name,
        VirtualHostName = virtualHost.Name,
        VirtualClusterName = virtualHost.FindVirtualCluster(new RequestHeaders(request, host, path)),
    };
}
