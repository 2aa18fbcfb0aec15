using ProxylessMesh.Clusters;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>
/// Asks the routes about a request, and does to request and response what its route says. A route that changes nothing
/// costs nothing but the look-up.
/// </summary>
internal sealed class RequestRouter(IRandomSource random, TimeProvider timeProvider)
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

    /// <summary>What the values of headers may say, for a route that has such headers; otherwise <see langword="null"/>.</summary>
    /// <param name="outgoing">The request that is sent: a copy of the caller's, where it is changed.</param>
    /// <param name="authority">What the caller asked for.</param>
    /// <param name="outcome">Where it goes.</param>
    public HeaderFormatContext? Context(HttpRequestMessage outgoing, MeshAuthority authority, in RouteOutcome outcome)
        => outcome is { Choice: { } choice, Route: { } route, VirtualHost: { } virtualHost } && !choice.IsPlain
            ? Context(outgoing, outgoing.Headers.Host ?? authority.Host, virtualHost, route) with { ClusterName = choice.Cluster?.Name }
            : null;

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
