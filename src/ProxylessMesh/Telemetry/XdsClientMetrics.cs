using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>
/// The metrics of the xDS client (gRFC A78). Told by the configuration loop; the gauges show what was told last, from whatever thread
/// collects. Without <c>grpc.target</c>: one client serves all targets of the process.
/// </summary>
internal sealed class XdsClientMetrics
{
    private readonly Counter<long> _serverFailures;
    private readonly Counter<long> _validUpdates;
    private readonly Counter<long> _invalidUpdates;
    private readonly ConcurrentDictionary<string, Measurement<long>[]> _resources = new(StringComparer.Ordinal);
    private volatile Measurement<long>[] _servers = [];

    public XdsClientMetrics(Meter meter)
    {
        _serverFailures = meter.CreateCounter<long>(TelemetryNames.XdsServerFailure, "{failure}", "Number of xDS servers going from healthy to unhealthy.");
        _validUpdates = meter.CreateCounter<long>(TelemetryNames.XdsUpdatesValid, "{resource}", "Number of resources received that were valid, also when they had not changed.");
        _invalidUpdates = meter.CreateCounter<long>(TelemetryNames.XdsUpdatesInvalid, "{resource}", "Number of resources received that were invalid.");
        meter.CreateObservableGauge(TelemetryNames.XdsConnected, () => _servers, "{bool}", "Whether the xDS client has a working ADS stream to the xDS server.");
        meter.CreateObservableGauge(TelemetryNames.XdsResources, () => _resources.Values.SelectMany(static counts => counts), "{resource}", "Number of xDS resources by type and by their state in the cache.");
    }

    public void OnServerFailed(string server) => _serverFailures.Add(1, new KeyValuePair<string, object?>(TelemetryNames.XdsServer, server));

    public void OnResources(string server, string resourceType, int valid, int invalid)
    {
        var serverTag = new KeyValuePair<string, object?>(TelemetryNames.XdsServer, server);
        var typeTag = new KeyValuePair<string, object?>(TelemetryNames.XdsResourceType, resourceType);
        if (valid > 0)
        {
            _validUpdates.Add(valid, serverTag, typeTag);
        }

        if (invalid > 0)
        {
            _invalidUpdates.Add(invalid, serverTag, typeTag);
        }
    }

    /// <summary>The servers turned to, and whether each works as far as is known (gRFC A57, A78).</summary>
    public void SetServers(IEnumerable<(string Name, bool IsConnected)> servers)
        => _servers = [.. servers.Select(static server => new Measurement<long>(server.IsConnected ? 1 : 0, new KeyValuePair<string, object?>(TelemetryNames.XdsServer, server.Name)))];

    /// <summary>The cached resources of one type, each by its state.</summary>
    public void SetResources(string resourceType, IEnumerable<string> cacheStates)
        => _resources[resourceType] =
        [
            .. cacheStates.CountBy(static state => state, StringComparer.Ordinal).Select(count => new Measurement<long>(
                count.Value,
                new KeyValuePair<string, object?>(TelemetryNames.XdsAuthority, TelemetryNames.XdsOldStyleAuthority),
                new KeyValuePair<string, object?>(TelemetryNames.XdsResourceType, resourceType),
                new KeyValuePair<string, object?>(TelemetryNames.XdsCacheState, count.Key))),
        ];

    /// <summary>The client has ended: there is nothing to show.</summary>
    public void Clear()
    {
        _servers = [];
        _resources.Clear();
    }
}
