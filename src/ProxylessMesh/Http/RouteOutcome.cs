using ProxylessMesh.Clusters;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>What routing says of one request: it goes to a cluster, or it ends here. Immutable, on the stack.</summary>
internal readonly struct RouteOutcome
{
    private RouteOutcome(MeshFailure? failure, HttpResponseMessage? reply, VirtualHost<ClusterState>? host, ForwardRoute<ClusterState>? route, ClusterChoice<ClusterState>? choice)
    {
        Failure = failure;
        Reply = reply;
        VirtualHost = host;
        Route = route;
        Choice = choice;
    }

    /// <summary>Why it cannot be sent.</summary>
    public MeshFailure? Failure { get; }

    /// <summary>The mesh's own answer.</summary>
    public HttpResponseMessage? Reply { get; }

    public VirtualHost<ClusterState>? VirtualHost { get; }

    public ForwardRoute<ClusterState>? Route { get; }

    public ClusterChoice<ClusterState>? Choice { get; }

    /// <summary>Where it goes; <see langword="null"/> when it ends here.</summary>
    public ClusterState? Cluster => Choice?.Cluster;

    public static RouteOutcome Fail(MeshFailureReason reason, string message) => new(new MeshFailure(reason, message), null, null, null, null);

    public static RouteOutcome Answer(HttpResponseMessage reply) => new(null, reply, null, null, null);

    public static RouteOutcome Forward(VirtualHost<ClusterState> host, ForwardRoute<ClusterState> route, ClusterChoice<ClusterState> choice) => new(null, null, host, route, choice);
}
