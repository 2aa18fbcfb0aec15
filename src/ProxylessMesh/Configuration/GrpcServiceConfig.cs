using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>A gRPC server that a filter asks (<c>envoy.config.core.v3.GrpcService</c>).</summary>
internal sealed record GrpcServiceConfig
{
    /// <summary>The cluster that it stands in (<c>envoy_grpc</c>); empty where <see cref="Target"/> says where.</summary>
    public string ClusterName { get; init; } = "";

    /// <summary>Its address, outside the mesh (<c>google_grpc.target_uri</c>).</summary>
    public Uri? Target { get; init; }

    /// <summary>What it is asked as (<c>envoy_grpc.authority</c>); empty for the cluster's name.</summary>
    public string Authority { get; init; } = "";

    /// <summary>What is sent with each question (<c>initial_metadata</c>); names in lower case.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Metadata { get; init; } = [];
}
