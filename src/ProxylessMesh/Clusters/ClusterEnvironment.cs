using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Clusters;

/// <summary>What every cluster works with.</summary>
internal sealed record ClusterEnvironment(
    ConfigurationLoop Loop,
    TimeProvider TimeProvider,
    IRandomSource Random,
    IHostResolver Resolver,
    UpstreamTlsMode UpstreamTls,
    ILogger Logger);
