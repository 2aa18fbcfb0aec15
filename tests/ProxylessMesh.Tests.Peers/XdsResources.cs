using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf.WellKnownTypes;
using Listener = Envoy.Config.Listener.V3.Listener;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Makes xDS resources as a gRPC control plane sends them, each packed for a response.</summary>
public static class XdsResources
{
    /// <summary>A client listener that takes its routes from an RDS resource.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="routes">The RDS resource's.</param>
    /// <param name="filters">The filters before the router.</param>
    public static Any Listener(string name, string routes, params IEnumerable<HttpFilter> filters) => Listener(name, new HttpConnectionManager
    {
        Rds = new Rds { RouteConfigName = routes, ConfigSource = Ads() },
        HttpFilters = { filters },
    });

    /// <summary>A client listener that carries its routes.</summary>
    public static Any InlineListener(string name, RouteConfiguration routes) => Listener(name, new HttpConnectionManager { RouteConfig = routes });

    /// <summary>A route configuration with one virtual host.</summary>
    public static RouteConfiguration RouteConfiguration(string name, string domain, params IEnumerable<Route> routes) => new()
    {
        Name = name,
        VirtualHosts = { new VirtualHost { Name = $"{name}-host", Domains = { domain }, Routes = { routes } } },
    };

    /// <summary>A route configuration with one virtual host for every domain, packed.</summary>
    public static Any Routes(string name, params IEnumerable<Route> routes) => Any.Pack(RouteConfiguration(name, "*", routes));

    /// <summary>A route by prefix to one cluster, or to several by weight, without a timeout: a test's clock may run ahead of its requests.</summary>
    public static Route Route(string prefix, params IEnumerable<(string Cluster, uint Weight)> clusters)
    {
        var action = new RouteAction { Timeout = new Duration() };
        if (clusters.Count() == 1)
        {
            action.Cluster = clusters.Single().Cluster;
        }
        else
        {
            action.WeightedClusters = new WeightedCluster
            {
                Clusters = { clusters.Select(cluster => new WeightedCluster.Types.ClusterWeight { Name = cluster.Cluster, Weight = cluster.Weight }) },
            };
        }

        return new Route { Match = new RouteMatch { Prefix = prefix }, Route_ = action };
    }

    /// <summary>A route by prefix to one cluster.</summary>
    public static Route Route(string prefix, string cluster) => Route(prefix, [(cluster, 1)]);

    /// <summary>An EDS cluster with round robin.</summary>
    public static Any Cluster(string name) => Any.Pack(new Cluster
    {
        Name = name,
        Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Ads() },
        LbPolicy = Envoy.Config.Cluster.V3.Cluster.Types.LbPolicy.RoundRobin,
    });

    /// <summary>The endpoints of a cluster, in one locality.</summary>
    public static Any Endpoints(string cluster, params IEnumerable<(string Address, int Port)> endpoints) => Any.Pack(LoadAssignment(cluster, endpoints));

    /// <summary>The endpoints of a cluster that are these backends.</summary>
    public static Any Endpoints(string cluster, params IEnumerable<Backend> backends) => Endpoints(cluster, backends.Select(backend => (backend.Address, backend.Port)));

    public static ClusterLoadAssignment LoadAssignment(string cluster, params IEnumerable<(string Address, int Port)> endpoints) => new()
    {
        ClusterName = cluster,
        Endpoints =
        {
            new LocalityLbEndpoints
            {
                Locality = new Locality { Region = "test" },
                LoadBalancingWeight = 1,
                LbEndpoints =
                {
                    endpoints.Select(endpoint => new LbEndpoint
                    {
                        Endpoint = new Endpoint
                        {
                            Address = new Address { SocketAddress = new SocketAddress { Address = endpoint.Address, PortValue = (uint)endpoint.Port } },
                        },
                    }),
                },
            },
        },
    };

    /// <summary>All four resources that lead every request for an authority to these backends.</summary>
    public static IEnumerable<Any> Service(string authority, params IEnumerable<Backend> backends) =>
    [
        Listener(authority, $"{authority}-routes"),
        Routes($"{authority}-routes", Route("/", $"{authority}-cluster")),
        Cluster($"{authority}-cluster"),
        Endpoints($"{authority}-cluster", backends),
    ];

    private static Any Listener(string name, HttpConnectionManager manager)
    {
        manager.HttpFilters.Add(new HttpFilter { Name = "router", TypedConfig = Any.Pack(new Router()) });
        return Any.Pack(new Listener { Name = name, ApiListener = new ApiListener { ApiListener_ = Any.Pack(manager) } });
    }

    private static ConfigSource Ads() => new() { Ads = new AggregatedConfigSource() };
}
