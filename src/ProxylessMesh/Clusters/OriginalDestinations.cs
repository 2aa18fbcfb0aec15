using System.Collections.Concurrent;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Clusters;

/// <summary>
/// The endpoints of an ORIGINAL_DST cluster: one for each host and port that requests name, made by the first and let go when
/// none has come for a while, so that what it holds is bounded by what is in use. Safe for concurrent use.
/// </summary>
internal sealed class OriginalDestinations
{
    /// <summary>How often what nobody uses is let go: its idle connections close after as long anyway.</summary>
    public static readonly TimeSpan CleanupInterval = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<AddressKey, Destination> _destinations = new();
    private readonly ClusterConfig _config;
    private readonly ClusterEnvironment _environment;
    private readonly UpstreamProtocol _protocol;
    private readonly ITimer _cleanup;
    private volatile bool _isRetired;

    public OriginalDestinations(ClusterConfig config, ClusterEnvironment environment)
    {
        _config = config;
        _environment = environment;
        _protocol = environment.ProtocolOf(config);
        _cleanup = environment.TimeProvider.CreateTimer(_ => ReleaseIdle(), null, CleanupInterval, CleanupInterval);
    }

    /// <summary>How many there are.</summary>
    public int Count => _destinations.Count;

    /// <summary>Whether another configuration of the cluster leads to the same connections.</summary>
    public bool Serves(ClusterConfig config)
        => config.ConnectTimeout == _config.ConnectTimeout
            && config.LookupFamily == _config.LookupFamily
            && Equals(config.Tls, _config.Tls)
            && _environment.ProtocolOf(config) == _protocol;

    /// <summary>The endpoint of a host and port. It may have been let go by the time it is used: then it refuses a lease, and is asked for again.</summary>
    public EndpointState Find(string host, int port)
    {
        var key = new AddressKey(host, port);
        if (!_destinations.TryGetValue(key, out var destination))
        {
            destination = _destinations.GetOrAdd(key, static (key, self) => new Destination(self.Create(key)), this);
            if (_isRetired)
            {
                destination.Endpoint.Retire();
            }
        }

        if (!destination.IsUsed)
        {
            destination.IsUsed = true;
        }

        return destination.Endpoint;
    }

    /// <summary>No new requests come; those under way finish.</summary>
    public void Retire()
    {
        _isRetired = true;
        _cleanup.Dispose();
        foreach (var (_, destination) in _destinations)
        {
            destination.Endpoint.Retire();
        }
    }

    private EndpointState Create(AddressKey key)
        => new(EndpointAddress.Name(key.Host, key.Port, _config.LookupFamily), _config.ConnectTimeout, _environment.Transport, _environment.TimeProvider)
        {
            Hostname = key.Host,
            Tls = _config.Tls,
            Protocol = _protocol,
        };

    private void ReleaseIdle()
    {
        foreach (var (key, destination) in _destinations)
        {
            if (destination.IsUsed || destination.Endpoint.ActiveRequests > 0)
            {
                destination.IsUsed = false;
            }
            else if (_destinations.TryRemove(new(key, destination)))
            {
                destination.Endpoint.Retire();
            }
        }
    }

    private readonly record struct AddressKey(string Host, int Port);

    /// <param name="endpoint">Its connections.</param>
    private sealed class Destination(EndpointState endpoint)
    {
        public EndpointState Endpoint => endpoint;

        /// <summary>Whether it was asked for since the last cleanup. Written by anyone; a lost write costs a new connection.</summary>
        public bool IsUsed { get; set; } = true;
    }
}
