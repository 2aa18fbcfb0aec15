using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>One of the clusters a route may forward to, with what it adds to the route. Immutable.</summary>
internal sealed class ClusterChoice<TCluster>
    where TCluster : class
{
    private readonly string _name;

    public ClusterChoice(WeightedClusterConfig config, ForwardActionConfig action, RouteScope scope, RouteConfig route, Func<string, TCluster> cluster)
    {
        _name = config.ClusterName;
        Weight = config.Weight;
        ClusterHeader = config.ClusterHeader;
        Cluster = ClusterHeader is null ? cluster(config.ClusterName) : null;
        Headers = scope.Mutations(config.Headers, route.Headers);
        Filters = scope.Filters(route, config);
        HostRewrite = config.HostRewrite is null ? action.HostRewrite : new LiteralHostConfig(config.HostRewrite);
        ChangesRequest = Headers.HasRequest || HostRewrite is not (null or EndpointHostConfig) || action.PathRewrite is not null;
    }

    /// <summary><see langword="null"/> when a header of the request names the cluster.</summary>
    public TCluster? Cluster { get; }

    /// <summary>The header that names the cluster, where <see cref="Cluster"/> is <see langword="null"/>.</summary>
    public string? ClusterHeader { get; }

    /// <summary>Its share of the route's requests, of the sum of all weights.</summary>
    public uint Weight { get; }

    /// <summary>The header mutations of all levels.</summary>
    public HeaderMutations Headers { get; }

    /// <summary>The filters that act on the requests it gets; <see langword="null"/> for none.</summary>
    public FilterPlan? Filters { get; }

    public HostRewriteConfig? HostRewrite { get; }

    /// <summary>Whether the request that is sent differs from the one that was made.</summary>
    public bool ChangesRequest { get; }

    /// <summary>Whether the request takes the hostname of the endpoint that is picked.</summary>
    public bool TakesEndpointHost => HostRewrite is EndpointHostConfig;

    /// <summary>Whether request and response pass as they are.</summary>
    public bool IsPlain => !ChangesRequest && !Headers.HasResponse && !TakesEndpointHost;

    /// <returns>The name of the cluster of one request; empty when its header does not name one.</returns>
    public string ClusterNameOf<THeaders>(in THeaders headers)
        where THeaders : struct, IRequestHeaders
        => ClusterHeader is null ? _name : headers.GetHeader(ClusterHeader) is [{ } value, ..] ? value.Trim(' ', '\t') : "";
}
