using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>What routing says of one request: it goes to a cluster, or it ends here. Immutable, on the stack.</summary>
internal readonly record struct RouteOutcome
{
    /// <summary>Why it cannot be sent.</summary>
    public MeshFailure? Failure { get; private init; }

    /// <summary>The mesh's own answer.</summary>
    public HttpResponseMessage? Reply { get; private init; }

    /// <summary>What its listener says.</summary>
    public HttpConnectionConfig? Connection { get; private init; }

    public VirtualHost<ClusterState>? VirtualHost { get; private init; }

    public ForwardRoute<ClusterState>? Route { get; private init; }

    public ClusterChoice<ClusterState>? Choice { get; private init; }

    /// <summary>The request's path and query in their normal form; <see langword="null"/> where its URI has them so.</summary>
    public string? Path { get; private init; }

    /// <summary>Where it goes; <see langword="null"/> when it ends here, or when <see cref="ClusterName"/> says where.</summary>
    public ClusterState? Cluster => Choice?.Cluster;

    /// <summary>The cluster that the request names in a header; empty when it names none.</summary>
    public string? ClusterName { get; private init; }

    /// <summary>The filters that act on it before that; <see langword="null"/> for none.</summary>
    public FilterPlan? Filters { get; private init; }

    /// <summary>The same for a copy of the request whose URI has the path in its normal form.</summary>
    public RouteOutcome OfCopy => this with { Path = null };

    public static RouteOutcome Fail(MeshFailureReason reason, string message) => new() { Failure = new MeshFailure(reason, message) };

    public static RouteOutcome Answer(HttpResponseMessage reply, FilterPlan? filters = null) => new() { Reply = reply, Filters = filters };

    public static RouteOutcome Forward(HttpConnectionConfig connection, VirtualHost<ClusterState> host, ForwardRoute<ClusterState> route, ClusterChoice<ClusterState> choice, string? path, string? clusterName) => new()
    {
        Connection = connection,
        VirtualHost = host,
        Route = route,
        Choice = choice,
        Path = path,
        ClusterName = clusterName,
        Filters = choice.Filters,
    };
}
