using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>Real backends on the addresses of a recording, each named after its workload, and a resolver for the names of it.</summary>
internal sealed class RecordedServices : IHostResolver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, IPAddress[]> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<string> _lookups = new();
    private readonly List<Backend> _backends = [];

    /// <summary>The names looked up, in order.</summary>
    public IReadOnlyCollection<string> Lookups => _lookups;

    public IReadOnlyList<Backend> All => _backends;

    public Backend this[string id] => _backends.Single(backend => backend.Id == id);

    /// <summary>Starts a backend.</summary>
    public async Task<RecordedServices> AddAsync(string id, string address, int port, BackendProtocol protocol = BackendProtocol.Http1)
    {
        _backends.Add(await Backend.StartAsync(id, protocol, address, port));
        return this;
    }

    /// <summary>Gives a DNS name its addresses.</summary>
    public void Name(string host, params string[] addresses) => _names[host] = [.. addresses.Select(IPAddress.Parse)];

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        _lookups.Enqueue(host);
        return _names.TryGetValue(host, out var addresses)
            ? Task.FromResult(addresses)
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var backend in _backends)
        {
            await backend.DisposeAsync();
        }
    }
}
