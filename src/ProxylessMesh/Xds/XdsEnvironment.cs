using Envoy.Config.Core.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Xds;

/// <summary>What everything of one xDS client shares.</summary>
/// <param name="Node">Who this process is.</param>
/// <param name="Loop">Where the client lives.</param>
/// <param name="TimeProvider">For backoff and resource timers.</param>
/// <param name="Random">For backoff.</param>
/// <param name="Logger">Where it logs to.</param>
/// <param name="Metrics">Where it counts.</param>
internal sealed record XdsEnvironment(Node Node, ConfigurationLoop Loop, TimeProvider TimeProvider, IRandomSource Random, ILogger Logger, XdsClientMetrics Metrics)
{
    /// <summary>For whom the control plane writes.</summary>
    public XdsDialect Dialect { get; init; }

    /// <summary>The application's own filters.</summary>
    public CustomFilterTypes CustomFilters { get; init; } = CustomFilterTypes.None;
}
