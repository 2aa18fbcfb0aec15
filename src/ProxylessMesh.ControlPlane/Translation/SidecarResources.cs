using System.Globalization;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;
using VirtualHost = Envoy.Config.Route.V3.VirtualHost;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes what an Istio sidecar asks for: every cluster of the view, and one route configuration per port, whose last virtual
/// host says what happens to hosts that nobody declares. Stateless.
/// </summary>
internal static class SidecarResources
{
    private const string PassthroughCluster = "PassthroughCluster";
    private const string BlackHoleCluster = "BlackHoleCluster";
    private const string AllowAny = "allow_any";
    private const string BlockAll = "block_all";
    private const string EveryHost = "*";
    private const int BlockedStatus = 502;

    public static List<XdsResource> Translate(ServiceDirectory directory)
    {
        var resources = new List<XdsResource>();
        foreach (var service in directory.Services.Where(service => service.AliasOf is null))
        {
            foreach (var port in service.Ports)
            {
                foreach (var subset in service.Subsets.Cast<Subset?>().Prepend(null))
                {
                    AddCluster(resources, service, port, subset, directory.Client);
                }
            }
        }

        resources.Add(Create(new Cluster { Name = BlackHoleCluster, Type = Cluster.Types.DiscoveryType.Static, ConnectTimeout = ClusterTranslator.ConnectTimeout }));
        resources.Add(Create(new Cluster
        {
            Name = PassthroughCluster,
            Type = Cluster.Types.DiscoveryType.OriginalDst,
            LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
            ConnectTimeout = ClusterTranslator.ConnectTimeout,
        }));

        resources.AddRange(EnvoyPatches.Clusters(directory));
        foreach (var port in directory.Services.SelectMany(service => service.Ports).Where(port => port.IsHttp).Select(port => port.Number).Distinct().Order())
        {
            resources.Add(PortRoutes(port, directory));
            resources.Add(ListenerTranslator.TranslatePort(port, directory));
        }

        return resources;
    }

    /// <summary>The routes of a port that no service has, or of one service, as <c>host:port</c>.</summary>
    public static XdsResource? FindRoutes(string name, ServiceDirectory directory)
    {
        var colon = name.LastIndexOf(':');
        if (!ushort.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            return null;
        }

        if (colon < 0)
        {
            return PortRoutes(port, directory);
        }

        if (directory.Services.FirstOrDefault(service => service.Host == name[..colon]) is not { } service || service.FindPort(port) is not { IsHttp: true } servicePort)
        {
            return null;
        }

        var host = RouteTranslator.VirtualHost(service, servicePort, directory);
        host.Domains.Clear();
        host.Domains.Add(EveryHost);
        return Create(name, [host]);
    }

    private static XdsResource PortRoutes(int port, ServiceDirectory directory)
    {
        var hosts = directory.Services
            .Where(service => service.AliasOf is null && service.FindPort(port) is { IsHttp: true })
            .Select(service => RouteTranslator.VirtualHost(service, service.FindPort(port)!, directory)) // not null: filtered above
            .OrderBy(host => host.Name, StringComparer.Ordinal)
            .ToArray();

        // Within one route configuration a domain may stand once: the first that claims it keeps it.
        var domains = new HashSet<string>(StringComparer.Ordinal);
        foreach (var host in hosts)
        {
            var own = host.Domains.Where(domains.Add).ToArray();
            host.Domains.Clear();
            host.Domains.AddRange(own);
        }

        return Create(port.ToString(CultureInfo.InvariantCulture), hosts.Where(host => host.Domains.Count > 0).Append(directory.IsRegistryOnly ? Blocked() : Passed()));
    }

    private static XdsResource Create(string name, IEnumerable<VirtualHost> hosts)
    {
        var routes = new RouteConfiguration
        {
            Name = name,
            ValidateClusters = false,
            IgnorePortInHostMatching = true,
            MaxDirectResponseBodySizeBytes = HttpDirectResponse.MaxBodyBytes,
        };
        routes.VirtualHosts.AddRange(hosts);
        return XdsResource.Create(ResourceTypes.RouteConfiguration, name, routes);
    }

    private static VirtualHost Passed() => CatchAll(AllowAny, new Route
    {
        Route_ = new RouteAction { Cluster = PassthroughCluster, Timeout = new Duration(), MaxGrpcTimeout = new Duration() },
    });

    private static VirtualHost Blocked() => CatchAll(BlockAll, new Route { DirectResponse = new DirectResponseAction { Status = BlockedStatus } });

    private static VirtualHost CatchAll(string name, Route route)
    {
        route.Name = name;
        route.Match = new RouteMatch { Prefix = "/" };
        return new VirtualHost { Name = name, Domains = { EveryHost }, Routes = { route }, IncludeRequestAttemptCount = true };
    }

    private static void AddCluster(List<XdsResource> resources, MeshService service, ServicePort port, Subset? subset, MeshClient client)
    {
        if (ClusterTranslator.Translate(service, port, subset, client) is not { } cluster)
        {
            return;
        }

        resources.Add(cluster);
        if (service.Resolution == ServiceResolution.Static && !service.IsHeadless)
        {
            resources.Add(EndpointTranslator.Translate(service, port, subset, client));
        }
    }

    private static XdsResource Create(Cluster cluster) => XdsResource.Create(ResourceTypes.Cluster, cluster.Name, cluster);
}
