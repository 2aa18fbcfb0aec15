using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>
/// Asks the routes about a request, and does to request and response what its route says. A route that changes nothing
/// costs nothing but the look-up.
/// </summary>
internal sealed class RequestRouter(IRandomSource random, TimeProvider timeProvider, RequestHasher hasher)
{
    public RouteOutcome Route(HttpRequestMessage request, MeshAuthority authority, RouteTable<ClusterState> routes)
    {
        // 1. The virtual host.
        var host = request.Headers.Host ?? authority.Host;
        var virtualHost = ReferenceEquals(host, authority.Host) ? authority.FindVirtualHost(routes) : routes.FindVirtualHost(host);
        if (virtualHost is null)
        {
            return RouteOutcome.Fail(MeshFailureReason.NoRoute, $"no virtual host of route configuration '{routes.Name}' answers for host '{host}'");
        }

        // 2. TLS where it is required. A caller inside the mesh is an internal one.
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        if (TlsRedirect.IsNeeded(virtualHost.Config.RequireTls, uri.Scheme, isInternal: true))
        {
            return RouteOutcome.Answer(LocalResponse.Create(request, TlsRedirect.Status, TlsRedirect.Location(host, uri.PathAndQuery)));
        }

        // 3. The route, and what it does.
        var path = uri.PathAndQuery;
        var headers = new RequestHeaders(request, host);
        switch (virtualHost.Match(RequestPath.WithoutQuery(path), in headers, random))
        {
            case ForwardRoute<ClusterState> forward:
                var choice = forward.Pick(in headers, random);
                return choice.Cluster is not null
                    ? RouteOutcome.Forward(virtualHost, forward, choice)
                    : RouteOutcome.Fail(
                        MeshFailureReason.UnsupportedRoute,
                        $"route '{forward.Name}' of virtual host '{virtualHost.Name}' says 'cluster_header', which this version does not carry out");

            case RedirectRoute<ClusterState> redirect:
                return RouteOutcome.Answer(LocalResponse.Create(
                    request, redirect.Status, redirect.Location(uri.Scheme, host, path), headers: redirect.Headers, context: Context(request, host, virtualHost, redirect)));

            case DirectResponseRoute<ClusterState> direct:
                return RouteOutcome.Answer(LocalResponse.Create(
                    request, direct.Status, body: direct.Body, headers: direct.Headers, context: Context(request, host, virtualHost, direct)));

            case UnsupportedRoute<ClusterState> unsupported:
                return RouteOutcome.Fail(
                    MeshFailureReason.UnsupportedRoute,
                    $"route '{unsupported.Name}' of virtual host '{virtualHost.Name}' says '{unsupported.Field}', which this version does not carry out");

            default:
                return RouteOutcome.Fail(
                    MeshFailureReason.NoRoute,
                    $"no route of virtual host '{virtualHost.Name}' in route configuration '{routes.Name}' matches {request.Method} {path}");
        }
    }

    /// <summary>Makes what is sent of the caller's request, where its route changes the request or the response.</summary>
    /// <param name="request">The caller's request.</param>
    /// <param name="authority">What it asks for.</param>
    /// <param name="outcome">Where it goes: a choice that is not plain.</param>
    /// <param name="changed">What is sent in its place.</param>
    /// <returns>Why it cannot be sent, or <see langword="null"/>.</returns>
    public MeshFailure? Change(HttpRequestMessage request, MeshAuthority authority, in RouteOutcome outcome, out ChangedRequest? changed)
        => Change(request, authority, in outcome, newCookies: [], out changed);

    /// <summary>
    /// Hashes a request for a cluster that balances by hashes, by the cluster's own hash policies or else its route's, and makes
    /// what is sent of it.
    /// </summary>
    /// <param name="request">The caller's request.</param>
    /// <param name="authority">What it asks for.</param>
    /// <param name="outcome">Where it goes.</param>
    /// <param name="balancer">How the cluster balances.</param>
    /// <param name="changed">What is sent in its place; <see langword="null"/> for the request as it is.</param>
    /// <param name="hash">The hash, for all of the request's attempts.</param>
    /// <returns>Why it cannot be sent, or <see langword="null"/>.</returns>
    public MeshFailure? HashAndChange(
        HttpRequestMessage request, MeshAuthority authority, in RouteOutcome outcome, LoadBalancerConfig? balancer, out ChangedRequest? changed, out RequestHash hash)
    {
        changed = null;
        var policies = balancer is HashingConfig { HashPolicies: { IsEmpty: false } own } ? own : outcome.Route?.Action.HashPolicies ?? [];
        hash = hasher.Hash(policies, new RequestHeaders(request, request.Headers.Host ?? authority.Host), out var newCookies);
        return newCookies is null && outcome.Choice?.IsPlain != false ? null : Change(request, authority, in outcome, newCookies ?? [], out changed);
    }

    private MeshFailure? Change(HttpRequestMessage request, MeshAuthority authority, in RouteOutcome outcome, IReadOnlyList<string> newCookies, out ChangedRequest? changed)
    {
        changed = null;
        if (outcome is not { Choice: { } choice, Route: { } route, VirtualHost: { } virtualHost })
        {
            return null;
        }

        var outgoing = choice.ChangesRequest ? OutgoingRequest.Copy(request) : request;
        var context = Context(outgoing, outgoing.Headers.Host ?? authority.Host, virtualHost, route) with { ClusterName = choice.Cluster?.Name };
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

        changed = new ChangedRequest(request, outgoing, choice, context) { NewCookies = newCookies };
        return null;
    }

    private HeaderFormatContext Context(HttpRequestMessage request, string host, VirtualHost<ClusterState> virtualHost, Route<ClusterState> route) => new()
    {
        Request = new RequestHeaderMap(request, host),
        OriginalPath = request.RequestUri!.PathAndQuery, // a request without a URI does not enter the mesh
        Protocol = OutgoingRequest.ProtocolOf(request),
        StartTime = timeProvider.GetUtcNow(),
        RouteName = route.Name,
        VirtualHostName = virtualHost.Name,
        VirtualClusterName = virtualHost.FindVirtualCluster(new RequestHeaders(request, host)),
    };
}
