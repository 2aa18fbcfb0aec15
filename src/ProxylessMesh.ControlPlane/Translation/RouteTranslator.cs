using Envoy.Config.Route.V3;
using Envoy.Type.Matcher.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the virtual host of a service's port, with the routes of its VirtualService or one default route, and the route
/// configuration that holds it alone. A port that is not HTTP gets no virtual host, as istiod does it: such traffic is passed
/// through. So is that of an alias of a host outside the mesh.
/// </summary>
internal static class RouteTranslator
{
    private const string DefaultRouteName = "default";
    private const string EveryPath = "/";
    private const string MeshGateway = "mesh";

    public static XdsResource Translate(MeshService service, ServicePort port, ServiceDirectory directory)
    {
        var routes = new RouteConfiguration { Name = XdsNames.Routes(port.Number, service.Host) };
        var target = TargetOf(service, directory);
        if (port.IsHttp && target?.FindPort(port.Number) is { IsHttp: true } targetPort)
        {
            var virtualHost = VirtualHost(target, targetPort, directory);
            routes.VirtualHosts.Add(virtualHost);
            if (virtualHost.Routes.Any(route => route.DirectResponse is not null))
            {
                routes.MaxDirectResponseBodySizeBytes = HttpDirectResponse.MaxBodyBytes;
            }
        }

        return XdsResource.Create(ResourceTypes.RouteConfiguration, routes.Name, routes);
    }

    public static VirtualHost VirtualHost(MeshService service, ServicePort port, ServiceDirectory directory)
    {
        var virtualHost = new VirtualHost { Name = XdsNames.Listener(service, port), IncludeRequestAttemptCount = true };
        virtualHost.Domains.AddRange(VirtualHostDomains.Of(service, port.Number, directory.Client));
        virtualHost.Routes.AddRange(service.RoutesFor(port.Number) is { } virtualService
            ? TranslateHttp(virtualService, port, directory)
            : [DefaultRoute(service, port, directory)]);
        EnvoyPatches.Apply(virtualHost, port.Number, directory);
        return virtualHost;
    }

    private static MeshService? TargetOf(MeshService service, ServiceDirectory directory)
    {
        if (service.AliasOf is null)
        {
            return service;
        }

        return directory.TryResolveReference(service.AliasOf, service.Identity.Namespace, out var target) && target.AliasOf is null ? target : null;
    }

    private static Route DefaultRoute(MeshService service, ServicePort port, ServiceDirectory directory) => new()
    {
        Name = DefaultRouteName,
        Match = new RouteMatch { Prefix = EveryPath },
        Route_ = Forward(service, port.Number, directory),
    };

    // A match list becomes one route per entry (OR); what comes after a route that takes everything is never reached.
    private static IEnumerable<Route> TranslateHttp(VirtualService virtualService, ServicePort port, ServiceDirectory directory)
    {
        foreach (var http in virtualService.Http)
        {
            foreach (var match in http.Matches.IsEmpty ? [null] : http.Matches.Cast<HttpMatch?>())
            {
                if (match is not null && !IsFor(match, directory.Client, port))
                {
                    continue;
                }

                var routeMatch = match is null ? new RouteMatch { Prefix = EveryPath } : RouteMatchTranslator.Translate(match);
                var route = new Route { Name = RouteName(http, match ?? HttpMatch.Any), Match = routeMatch };
                HeaderTranslator.Apply(http.Headers, route);
                RouteFilterTranslator.Apply(http, route);
                SetAction(route, http, http.Namespace ?? virtualService.Identity.Namespace, port, directory);
                yield return route;

                if (routeMatch is { Prefix: EveryPath, Headers.Count: 0, QueryParameters.Count: 0 })
                {
                    yield break;
                }
            }
        }
    }

    // What selects when routes are made, and not per request. Istio does not look at labels where gateways are given.
    private static bool IsFor(HttpMatch match, MeshClient client, ServicePort port)
    {
        if ((match.Port is int selected && selected != port.Number) || (match.SourceNamespace.Length > 0 && match.SourceNamespace != client.Namespace))
        {
            return false;
        }

        return match.Gateways.IsEmpty ? new LabelSelector(match.SourceLabels).Selects(client.Labels) : match.Gateways.Contains(MeshGateway);
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
        var destinations = new DestinationTranslator(listenerPort, directory);
        if (http.Destinations is [var only])
        {
            route.Route_ = new RouteAction { Cluster = destinations.ClusterOf(only, ns) };
            HeaderTranslator.Apply(only.Headers, route);
            SetHost(route.Route_, only.Headers.Authority);
        }
        else
        {
            route.Route_ = new RouteAction { WeightedClusters = destinations.Weighted(http, ns) };
        }

        SetHost(route.Route_, http.Headers.Authority);
        Rewrite(route.Route_, http.Rewrite);
        var timeout = (http.Timeout ?? TimeSpan.Zero).ToDuration();
        route.Route_.Timeout = timeout;
        if (directory.Client.Dialect == ClientDialect.Sidecar)
        {
            route.Route_.MaxGrpcTimeout = timeout;
        }
        else
        {
            route.Route_.MaxStreamDuration = new RouteAction.Types.MaxStreamDuration { MaxStreamDuration_ = timeout };
        }

        AddPolicies(route.Route_, http, ns, destinations, directory);
        if (http.AnswersMissingBackend)
        {
            route.Route_.ClusterNotFoundResponseCode = RouteAction.Types.ClusterNotFoundResponseCode.InternalServerError;
        }
    }

    private static void AddPolicies(RouteAction action, HttpRoute http, string ns, DestinationTranslator destinations, ServiceDirectory directory)
    {
        var hashes = http.Destinations.Select(destination => destinations.HashOf(destination, ns)).OfType<ConsistentHash>().ToArray();
        action.HashPolicy.AddRange(hashes.Select(HashTranslator.Policy));
        action.RetryPolicy = RetryTranslator.Translate(http.Retries ?? directory.DefaultRetry, isHashed: http.Destinations.Length == 1 && hashes.Length == 1);
        action.RequestMirrorPolicies.AddRange(http.Mirrors.Select(mirror => destinations.Mirror(mirror, ns)));
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

    private static RouteAction Forward(MeshService service, int port, ServiceDirectory directory)
    {
        var action = new RouteAction
        {
            Cluster = XdsNames.Cluster(port, "", service.Host),
            Timeout = NoTimeout(),
            MaxGrpcTimeout = NoTimeout(),
            RetryPolicy = RetryTranslator.Translate(directory.DefaultRetry, isHashed: false), // as istiod has it, whatever balances
        };
        if (service.TrafficPolicy.LoadBalancer?.Hash is { } hash)
        {
            action.HashPolicy.Add(HashTranslator.Policy(hash));
        }

        return action;
    }

    // Unset would be Envoy's 15 s; Istio's default is none.
    private static Duration NoTimeout() => new();
}
