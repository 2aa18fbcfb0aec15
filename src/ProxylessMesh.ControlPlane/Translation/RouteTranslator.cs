using Envoy.Config.Route.V3;
using Envoy.Type.Matcher.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the route configuration of a service's port: one virtual host with the routes of the service's VirtualService, or
/// one default route. A port that is not HTTP gets no virtual host, as istiod does it: such traffic is passed through.
/// </summary>
internal static class RouteTranslator
{
    private const string DefaultRouteName = "default";
    private const string EveryPath = "/";

    public static XdsResource Translate(MeshService service, ServicePort port, ServiceDirectory directory)
    {
        var routes = new RouteConfiguration { Name = XdsNames.Routes(port.Number, service.Host) };
        if (port.IsHttp)
        {
            var virtualHost = new VirtualHost { Name = XdsNames.Listener(service, port) };
            virtualHost.Domains.AddRange(VirtualHostDomains.Of(service, port.Number));
            virtualHost.Routes.AddRange(service.VirtualService is { } virtualService
                ? TranslateHttp(virtualService, port, directory)
                : [DefaultRoute(service, port)]);
            routes.VirtualHosts.Add(virtualHost);
            if (virtualHost.Routes.Any(route => route.DirectResponse is not null))
            {
                routes.MaxDirectResponseBodySizeBytes = HttpDirectResponse.MaxBodyBytes;
            }
        }

        return XdsResource.Create(ResourceTypes.RouteConfiguration, routes.Name, routes);
    }

    private static Route DefaultRoute(MeshService service, ServicePort port) => new()
    {
        Name = DefaultRouteName,
        Match = new RouteMatch { Prefix = EveryPath },
        Route_ = Forward(XdsNames.Cluster(port.Number, "", service.Host)),
    };

    // A match list becomes one route per entry (OR); what comes after a route that takes everything is never reached.
    private static IEnumerable<Route> TranslateHttp(VirtualService virtualService, ServicePort port, ServiceDirectory directory)
    {
        foreach (var http in virtualService.Http)
        {
            foreach (var match in http.Matches.IsEmpty ? [HttpMatch.Any] : http.Matches)
            {
                if (match.Port is int selected && selected != port.Number)
                {
                    continue;
                }

                var routeMatch = RouteMatchTranslator.Translate(match);
                var route = new Route { Name = RouteName(http, match), Match = routeMatch };
                HeaderTranslator.Apply(http.Headers, route);
                SetAction(route, http, virtualService.Identity.Namespace, port, directory);
                yield return route;

                if (routeMatch is { Prefix: EveryPath, Headers.Count: 0, QueryParameters.Count: 0 })
                {
                    yield break;
                }
            }
        }
    }

    private static string RouteName(HttpRoute http, HttpMatch match)
        => match.Name.Length == 0 ? http.Name : $"{http.Name}.{match.Name}";

    private static void SetAction(Route route, HttpRoute http, string ns, ServicePort listenerPort, ServiceDirectory directory)
    {
        if (http.Redirect is { } redirect)
        {
            route.Redirect = LocalActionTranslator.Redirect(redirect, listenerPort.Number);
            return;
        }

        if (http.DirectResponse is { } direct)
        {
            route.DirectResponse = LocalActionTranslator.DirectResponse(direct);
            return;
        }

        // The headers of a single destination are the route's; of several, each takes its own.
        if (http.Destinations is [var only])
        {
            route.Route_ = new RouteAction { Cluster = ClusterOf(only, ns, listenerPort, directory) };
            HeaderTranslator.Apply(only.Headers, route);
            SetHost(route.Route_, only.Headers.Authority);
        }
        else
        {
            route.Route_ = new RouteAction { WeightedClusters = TranslateWeighted(http, ns, listenerPort, directory) };
        }

        SetHost(route.Route_, http.Headers.Authority);
        Rewrite(route.Route_, http.Rewrite);
        route.Route_.Timeout = http.Timeout.ToDuration();
        route.Route_.MaxStreamDuration = new RouteAction.Types.MaxStreamDuration { MaxStreamDuration_ = http.Timeout.ToDuration() };
    }

    private static WeightedCluster TranslateWeighted(HttpRoute http, string ns, ServicePort listenerPort, ServiceDirectory directory)
    {
        var weighted = new WeightedCluster();
        foreach (var destination in http.Destinations)
        {
            if (destination.Weight > 0)
            {
                var cluster = new WeightedCluster.Types.ClusterWeight
                {
                    Name = ClusterOf(destination, ns, listenerPort, directory),
                    Weight = destination.Weight,
                };
                HeaderTranslator.Apply(destination.Headers, cluster);
                weighted.Clusters.Add(cluster);
            }
        }

        return weighted;
    }

    private static void SetHost(RouteAction action, string host)
    {
        if (host.Length > 0)
        {
            action.HostRewriteLiteral = host;
        }
    }

    private static void Rewrite(RouteAction action, HttpRewrite? rewrite)
    {
        if (rewrite is null)
        {
            return;
        }

        SetHost(action, rewrite.Authority);
        action.PrefixRewrite = rewrite.Uri;
        if (rewrite.UriRegex is { } regex)
        {
            action.RegexRewrite = new RegexMatchAndSubstitute
            {
                Pattern = new RegexMatcher { Regex = regex.Pattern },
                Substitution = regex.Substitution,
            };
        }
    }

    private static string ClusterOf(RouteDestination destination, string ns, ServicePort listenerPort, ServiceDirectory directory)
    {
        if (!directory.TryResolveReference(destination.Host, ns, out var service))
        {
            throw new InvalidOperationException($"The destination '{destination.Host}' was not validated.");
        }

        var port = destination.Port ?? (service.Entry.Ports is [var only] ? only.Number : listenerPort.Number);
        return XdsNames.Cluster(port, destination.Subset, service.Host);
    }

    private static RouteAction Forward(string cluster) => new() { Cluster = cluster, Timeout = NoTimeout() };

    // Unset would be Envoy's 15 s; Istio's default is none.
    private static Duration NoTimeout() => new();
}
