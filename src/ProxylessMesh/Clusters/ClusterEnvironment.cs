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
    ILogger Logger);
