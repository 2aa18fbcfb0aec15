using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Routing;

/// <summary>A route that forwards to one of its clusters, drawn by weight (gRFC A28, <c>RouteAction.weighted_clusters</c>).</summary>
internal sealed class ForwardRoute<TCluster> : Route<TCluster>
    where TCluster : class
{
    private readonly WeightedChoice<TCluster> _clusters;

    public ForwardRoute(RouteConfig config, ForwardActionConfig action, Func<string, TCluster> cluster)
        : base(config)
    {
        // A cluster without weight is never drawn: it need not even exist.
        var drawable = action.Clusters.Where(static choice => choice.Weight > 0).ToArray();
        _clusters = new WeightedChoice<TCluster>(
            [.. drawable.Select(choice => cluster(choice.ClusterName))],
            [.. drawable.Select(static choice => choice.Weight)]);
    }

    /// <summary>Draws the cluster of one request. The caller keeps it for all of the request's attempts.</summary>
    public TCluster PickCluster(IRandomSource random) => _clusters.Draw(random);
}
