using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Clusters;

/// <summary>What every cluster works with.</summary>
internal sealed record ClusterEnvironment(
    ConfigurationLoop Loop,
    TimeProvider TimeProvider,
    IRandomSource Random,
    IHostResolver Resolver,
    IEndpointTransport Transport,
    UpstreamTlsMode UpstreamTls,
    ILogger Logger)
{
    /// <summary>What HTTP version a cluster means that names none: the control plane's dialect decides.</summary>
    public UpstreamProtocol DefaultProtocol { get; init; } = UpstreamProtocol.AsRequested;

    public UpstreamProtocol ProtocolOf(ClusterConfig config) => config.Protocol == UpstreamProtocol.Unset ? DefaultProtocol : config.Protocol;
}
