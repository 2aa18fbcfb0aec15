using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Clusters;

/// <summary>
/// The endpoints of a STRICT_DNS cluster: looks its names up again and again (<c>dns_refresh_rate</c>), and keeps the
/// addresses of a name that fails to resolve. Every address of every name is an endpoint.
/// </summary>
internal sealed partial class DnsEndpoints : IDisposable
{
    private readonly ClusterConfig _config;
    private readonly IHostResolver _resolver;
    private readonly TimeProvider _timeProvider;
    private readonly IRandomSource _random;
    private readonly ILogger _logger;
    private readonly Action<EndpointsConfig?, string?> _onResolved;
    private readonly Dictionary<string, IPAddress[]> _addresses = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stopping = new();

    /// <param name="config">A STRICT_DNS cluster.</param>
    /// <param name="resolver">Looks names up.</param>
    /// <param name="timeProvider">The clock between look-ups.</param>
    /// <param name="random">Spreads look-ups (<c>dns_jitter</c>).</param>
    /// <param name="logger">Hears of names that do not resolve.</param>
    /// <param name="onResolved">Told the endpoints after each round, or why there are none; called from any thread.</param>
    public DnsEndpoints(ClusterConfig config, IHostResolver resolver, TimeProvider timeProvider, IRandomSource random, ILogger logger, Action<EndpointsConfig?, string?> onResolved)
    {
        _config = config;
        _resolver = resolver;
        _timeProvider = timeProvider;
        _random = random;
        _logger = logger;
        _onResolved = onResolved;
        var stopping = _stopping.Token;
        Task.Run(() => RunAsync(stopping), stopping);
    }

    public void Dispose() => _stopping.Cancel();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var (endpoints, error) = await ResolveAllAsync(cancellationToken).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            _onResolved(endpoints, error);
            await Task.Delay(_config.DnsRefreshRate + Jitter(), _timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(EndpointsConfig? Endpoints, string? Error)> ResolveAllAsync(CancellationToken cancellationToken)
    {
        string? error = null;
        var localities = ImmutableArray.CreateBuilder<LocalityConfig>();
        foreach (var locality in _config.InlineEndpoints?.Localities ?? [])
        {
            var endpoints = ImmutableArray.CreateBuilder<EndpointConfig>();
            foreach (var endpoint in locality.Endpoints)
            {
                error = await ResolveAsync(endpoint.Address.Host, cancellationToken).ConfigureAwait(false) ?? error;
                foreach (var address in _addresses.GetValueOrDefault(endpoint.Address.Host) ?? [])
                {
                    endpoints.Add(endpoint with
                    {
                        Address = EndpointAddress.Tcp(address.ToString(), endpoint.Address.Port),
                        Hostname = endpoint.Hostname ?? endpoint.Address.Host,
                    });
                }
            }

            localities.Add(locality with { Endpoints = endpoints.ToImmutable() });
        }

        var hasEndpoint = localities.Any(locality => locality.Endpoints.Length > 0);
        return hasEndpoint || error is null
            ? (new EndpointsConfig { ClusterName = _config.Name, Localities = localities.ToImmutable() }, null)
            : (null, error);
    }

    private TimeSpan Jitter() => _config.DnsJitter > TimeSpan.Zero ? TimeSpan.FromTicks((long)(_config.DnsJitter.Ticks * _random.NextDouble())) : TimeSpan.Zero;

    /// <returns>Why the name does not resolve, or <see langword="null"/>.</returns>
    private async Task<string?> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            _addresses[host] = [literal];
            return null;
        }

        try
        {
            var addresses = LookupFamilies.Select(await _resolver.ResolveAsync(host, cancellationToken).ConfigureAwait(false), _config.LookupFamily);
            if (addresses.Length == 0)
            {
                throw new SocketException((int)SocketError.NoData);
            }

            _addresses[host] = addresses;
            return null;
        }
        catch (SocketException exception)
        {
            LogUnresolved(_config.Name, host, exception.Message);
            return $"cluster '{_config.Name}': '{host}' does not resolve: {exception.Message}";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return "stopped";
        }
    }

    [LoggerMessage(40, LogLevel.Warning, "Cluster '{Cluster}': '{Host}' does not resolve: {Reason}. Its addresses so far stay in use")]
    private partial void LogUnresolved(string cluster, string host, string reason);
}
