using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Clusters;

/// <summary>
/// One endpoint while it is in use: its connections and its live counters, which survive every update that keeps the
/// endpoint. Requests hold a lease; a retired endpoint gives out no more and closes its connections with the last one.
/// </summary>
internal sealed class EndpointState(EndpointAddress address, TimeSpan connectTimeout, IEndpointTransport transport, TimeProvider timeProvider) : IEndpointLoad
{
    private const int Retired = int.MinValue;
    private static readonly TimeSpan BaseBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(120);

    /// <summary>The number of leases, with the sign bit set once retired.</summary>
    private int _leases;
    private HttpMessageInvoker? _connections;

    /// <summary>Consecutive failures to connect; 0 on the happy path, where no clock is read.</summary>
    private int _connectFailures;
    private long _lastConnectFailure;

    public EndpointAddress Address { get; } = address;

    public TimeSpan ConnectTimeout { get; } = connectTimeout;

    /// <inheritdoc cref="EndpointConfig.Hostname"/>
    /// <remarks>Set by the loop before the endpoint is published, read by requests.</remarks>
    public string? Hostname { get; set; }

    /// <summary>Where it is; <see langword="null"/> for one that only a request names. Shared with its neighbours.</summary>
    /// <remarks>As <see cref="Hostname"/>.</remarks>
    public LocalityConfig? Locality { get; set; }

    /// <inheritdoc cref="EndpointConfig.IsCanary"/>
    /// <remarks>As <see cref="Hostname"/>.</remarks>
    public bool IsCanary { get; set; }

    /// <summary>The TLS that its connections are asked for, or <see langword="null"/> for plaintext.</summary>
    public TlsConfig? Tls { get; init; }

    /// <summary>The HTTP version that requests to it are sent in.</summary>
    /// <remarks>As <see cref="Hostname"/>.</remarks>
    public UpstreamProtocol Protocol { get; set; } = UpstreamProtocol.AsRequested;

    /// <summary>Requests and streams under way.</summary>
    public int ActiveRequests => Volatile.Read(ref _leases) & int.MaxValue;

    /// <summary>
    /// Whether connecting has just failed, so that another endpoint should be preferred: for 1 s after the first failure,
    /// 1.6 times as long after each further one, 120 s at most (gRPC's connection backoff).
    /// </summary>
    public bool IsBackingOff
    {
        get
        {
            var failures = Volatile.Read(ref _connectFailures);
            if (failures == 0)
            {
                return false;
            }

            var backoff = BaseBackoff * Math.Pow(1.6, Math.Min(failures, 20) - 1);
            return timeProvider.GetElapsedTime(Volatile.Read(ref _lastConnectFailure)) < (backoff < MaxBackoff ? backoff : MaxBackoff);
        }
    }

    /// <summary>Takes a lease, to be given back with <see cref="Release"/>; refused once retired.</summary>
    public bool TryAcquire()
    {
        if (Interlocked.Increment(ref _leases) > 0)
        {
            return true;
        }

        Release();
        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) == Retired)
        {
            Volatile.Read(ref _connections)?.Dispose();
        }
    }

    /// <summary>The endpoint left the configuration: no new requests; those under way finish.</summary>
    public void Retire()
    {
        if (Interlocked.Or(ref _leases, Retired) == 0)
        {
            Volatile.Read(ref _connections)?.Dispose();
        }
    }

    /// <summary>Sends over one of the endpoint's connections. The caller holds a lease.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => (Volatile.Read(ref _connections) ?? OpenConnections()).SendAsync(request, cancellationToken);

    public void OnConnectFailed()
    {
        Volatile.Write(ref _lastConnectFailure, timeProvider.GetTimestamp());
        Interlocked.Increment(ref _connectFailures);
    }

    public void OnConnected()
    {
        if (Volatile.Read(ref _connectFailures) != 0)
        {
            Volatile.Write(ref _connectFailures, 0);
        }
    }

    private HttpMessageInvoker OpenConnections()
    {
        var opened = transport.Open(Address, ConnectTimeout);
        var existing = Interlocked.CompareExchange(ref _connections, opened, null);
        if (existing is null)
        {
            return opened;
        }

        opened.Dispose();
        return existing;
    }
}
