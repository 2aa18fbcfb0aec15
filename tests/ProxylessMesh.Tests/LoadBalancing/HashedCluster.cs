using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.LoadBalancing;

/// <summary>The endpoints of a cluster that balances by hashes, and its picker.</summary>
internal sealed class HashedCluster
{
    private readonly SeededRandomSource _random = new(11);
    private readonly EndpointConfig[] _endpoints;

    private HashedCluster(HashingConfig config, params LocalityConfig[] localities)
    {
        _endpoints = [.. localities.SelectMany(static locality => locality.Endpoints)];
        Loads = EndpointLoad.Idle(_endpoints.Length);
        Picker = EndpointPickerFactory.Create(new EndpointsConfig { ClusterName = "cluster", Localities = [.. localities] }, config, Loads, _random);
    }

    public EndpointLoad[] Loads { get; }

    public EndpointPicker Picker { get; }

    /// <summary>One locality of endpoints with these keys and equal weights.</summary>
    public static HashedCluster Of(HashingConfig config, params IEnumerable<string> keys) => Of(config, keys.Select(static key => (key, 1U)));

    /// <summary>One locality of endpoints with these keys and weights.</summary>
    public static HashedCluster Of(HashingConfig config, params IEnumerable<(string Key, uint Weight)> endpoints) => new(config, Locality(0, 1, [.. endpoints]));

    public static HashedCluster Of(HashingConfig config, params LocalityConfig[] localities) => new(config, localities);

    public static LocalityConfig Locality(int priority, uint weight, params (string Key, uint Weight)[] endpoints) => new(
        new Locality("region", "zone", ""),
        priority,
        weight,
        [.. endpoints.Select(static (endpoint, i) => new EndpointConfig(EndpointAddress.Tcp("127.0.0.1", 1 + i), endpoint.Weight) { HashKey = endpoint.Key })]);

    public static IEnumerable<string> Keys(int count) => Enumerable.Range(0, count).Select(static i => $"10.0.{i / 256}.{i % 256}:8080");

    /// <summary>Hashes as even as those of requests.</summary>
    public static ulong[] Hashes(int count, int seed)
    {
        var random = new SeededRandomSource(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ((ulong)random.Next(uint.MaxValue) << 32) | random.Next(uint.MaxValue))];
    }

    /// <summary>The key of the endpoint that a hash leads to.</summary>
    public string PickKey(ulong hash, int skip = 0) => _endpoints[Pick(hash, skip)].HashKey!;

    public int Pick(ulong hash, int skip = 0) => Picker.Pick(new PickContext(_random) { Hash = new RequestHash(hash), Skip = skip }).Index;

    public int PickWithoutHash() => Picker.Pick(new PickContext(_random)).Index;

    /// <summary>The share of the hashes that each endpoint gets.</summary>
    public double[] Shares(IReadOnlyCollection<ulong> hashes)
    {
        var counts = new int[_endpoints.Length];
        foreach (var hash in hashes)
        {
            counts[Pick(hash)]++;
        }

        return [.. counts.Select(count => (double)count / hashes.Count)];
    }
}
