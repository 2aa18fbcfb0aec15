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
    private readonly ConcurrentDictionary<(object Part, string Type), Measurement<long>[]> _resources = new();
    private readonly ConcurrentDictionary<object, (string Name, bool IsConnected)[]> _servers = new();

    public XdsClientMetrics(Meter meter)
    {
        _serverFailures = meter.CreateCounter<long>(TelemetryNames.XdsServerFailure, "{failure}", "Number of xDS servers going from healthy to unhealthy.");
        _validUpdates = meter.CreateCounter<long>(TelemetryNames.XdsUpdatesValid, "{resource}", "Number of resources received that were valid, also when they had not changed.");
        _invalidUpdates = meter.CreateCounter<long>(TelemetryNames.XdsUpdatesInvalid, "{resource}", "Number of resources received that were invalid.");
        meter.CreateObservableGauge(TelemetryNames.XdsConnected, ObserveServers, "{bool}", "Whether the xDS client has a working ADS stream to the xDS server.");
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

    /// <summary>The servers that one part of the client has turned to, and whether each works as far as is known (gRFC A57, A78).</summary>
    public void SetServers(object part, IEnumerable<(string Name, bool IsConnected)> servers) => _servers[part] = [.. servers];

    /// <summary>The resources of one type that one part of the client caches, each by the authority of its name and its state.</summary>
    public void SetResources(object part, string resourceType, IEnumerable<(string Authority, string State)> cacheStates)
        => _resources[(part, resourceType)] =
        [
            .. cacheStates.CountBy(static resource => resource).Select(count => new Measurement<long>(
                count.Value,
                new KeyValuePair<string, object?>(TelemetryNames.XdsAuthority, count.Key.Authority),
                new KeyValuePair<string, object?>(TelemetryNames.XdsResourceType, resourceType),
                new KeyValuePair<string, object?>(TelemetryNames.XdsCacheState, count.Key.State))),
        ];

    /// <summary>A part of the client has ended: it has nothing to show.</summary>
    public void Clear(object part)
    {
        _servers.TryRemove(part, out _);
        foreach (var key in _resources.Keys.Where(key => key.Part == part))
        {
            _resources.TryRemove(key, out _);
        }
    }

    // Two parts may have a stream each to one server: it works when both do.
    private IEnumerable<Measurement<long>> ObserveServers()
        => _servers.Values
            .SelectMany(static servers => servers)
            .GroupBy(static server => server.Name, static server => server.IsConnected, StringComparer.Ordinal)
            .Select(static server => new Measurement<long>(server.All(static isConnected => isConnected) ? 1 : 0, new KeyValuePair<string, object?>(TelemetryNames.XdsServer, server.Key)));
}
