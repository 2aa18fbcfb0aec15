using Grpc.Net.Client;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;

namespace ProxylessMesh.Services;

/// <summary>
/// The rate limit services of one mesh. Filters that ask the same one share its channel, which is closed when its last filter is gone and its last
/// question is answered.
/// </summary>
/// <param name="toCluster">Sends requests to a cluster by its name, as an authority.</param>
/// <param name="timeProvider">For how long answers are waited for.</param>
/// <remarks>
/// No Microsoft.Extensions.Http.Resilience goes round these channels: a question has 20 ms, within which a retry would come too late and a second
/// question would count the request twice. The timeout, and what to do without an answer, are the filter's own.
/// </remarks>
internal sealed class RateLimitServices(Func<string, string, HttpMessageHandler> toCluster, TimeProvider timeProvider) : IRateLimitServices
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ChannelKey, OpenChannel> _channels = []; // guarded by _lock

    /// <summary>How many channels are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _channels.Count;
            }
        }
    }

    public IRateLimitService Open(GrpcServiceConfig config) => new GrpcRateLimitService(this, config, timeProvider);

    /// <summary>Takes hold of the channel to a service, opening it if it is not open.</summary>
    public GrpcChannel Acquire(GrpcServiceConfig config)
    {
        lock (_lock)
        {
            var key = ChannelKey.Of(config);
            if (!_channels.TryGetValue(key, out var channel))
            {
                channel = new OpenChannel(Create(config));
                _channels.Add(key, channel);
            }

            channel.Uses++;
            return channel.Channel;
        }
    }

    /// <summary>Gives back what one call of <see cref="Acquire"/> took.</summary>
    public void Release(GrpcServiceConfig config)
    {
        OpenChannel channel;
        lock (_lock)
        {
            var key = ChannelKey.Of(config);
            channel = _channels[key];
            if (--channel.Uses > 0)
            {
                return;
            }

            _channels.Remove(key);
        }

        channel.Channel.Dispose();
    }

    private GrpcChannel Create(GrpcServiceConfig config)
    {
        // The address is that of the service itself only where it stands outside the mesh; a cluster's name need not be a host's.
        var authority = config.Authority.Length > 0 ? config.Authority : config.ClusterName;
        return GrpcChannel.ForAddress(config.Target ?? new Uri("http://ratelimit"), new GrpcChannelOptions
        {
            HttpHandler = config.Target is null ? toCluster(config.ClusterName, authority) : CreateHandler(),
            DisposeHttpClient = true,
            ThrowOperationCanceledOnCancellation = true,
        });
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    };

    private readonly record struct ChannelKey(string ClusterName, Uri? Target, string Authority)
    {
        public static ChannelKey Of(GrpcServiceConfig config) => new(config.ClusterName, config.Target, config.Authority);
    }

    private sealed class OpenChannel(GrpcChannel channel)
    {
        public GrpcChannel Channel => channel;

        /// <summary>How many filters and questions have it.</summary>
        public int Uses { get; set; }
    }
}
