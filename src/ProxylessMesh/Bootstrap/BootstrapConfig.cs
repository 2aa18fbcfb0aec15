using System.Collections.Immutable;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>
/// What the mesh is told before it can ask anybody: its control planes and who it is itself (gRFC A27 and those that extend
/// it). Immutable; read once at start.
/// </summary>
internal sealed record BootstrapConfig
{
    /// <summary>gRFC A47's default of <c>client_default_listener_resource_name_template</c>: the target itself.</summary>
    public const string DefaultClientListenerTemplate = "%s";

    /// <summary>Where it was read from, in words.</summary>
    public required string Origin { get; init; }

    /// <summary>The control planes in order of preference, at least one (gRFC A71).</summary>
    public required ImmutableArray<XdsServerConfig> Servers { get; init; }

    public NodeConfig Node { get; init; } = NodeConfig.Empty;

    /// <summary>
    /// <c>server_listener_resource_name_template</c> (gRFC A36): <c>%s</c> becomes the listening <c>IP:port</c>. Without it
    /// no inbound listener can be asked for.
    /// </summary>
    public string? ServerListenerTemplate { get; init; }

    /// <summary><c>client_default_listener_resource_name_template</c> (gRFC A47): <c>%s</c> becomes the authority called.</summary>
    public string ClientListenerTemplate { get; init; } = DefaultClientListenerTemplate;

    /// <summary><c>certificate_providers</c> (gRFC A29): each instance as it was given, a JSON object.</summary>
    public ImmutableDictionary<string, JsonElement> CertificateProviders { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    /// <summary><c>authorities</c> (gRFC A47) by name.</summary>
    public ImmutableDictionary<string, AuthorityConfig> Authorities { get; init; } = ImmutableDictionary<string, AuthorityConfig>.Empty;

    /// <summary>What is in the bootstrap and has no effect, in words, for the log.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>What an Istio node id tells of this workload; <see langword="null"/> under another control plane.</summary>
    public IstioIdentity? IstioIdentity => IstioIdentity.FromNodeId(Node.Id);

    /// <summary>What the control plane will take this node for.</summary>
    public IstioDialect IstioDialect
        => Node.Generator == "grpc" ? IstioDialect.Grpc
            : Node.Generator is null && IstioIdentity.IsNodeId(Node.Id) ? IstioDialect.Sidecar
            : IstioDialect.None;
}
