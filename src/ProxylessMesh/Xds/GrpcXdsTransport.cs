using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>
/// The way to a control plane that speaks gRPC. Connects when a stream is opened and again when the next one finds the
/// connection gone; knows nothing of backoff. Safe for concurrent use.
/// </summary>
internal sealed class GrpcXdsTransport : IXdsTransport
{
    private readonly GrpcXdsErrors _errors;
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationToken _closed; // outlives its source
    private readonly AggregatedDiscoveryService.AggregatedDiscoveryServiceClient _client;
    private readonly ControlPlaneCredentials? _credentials;
    private readonly CallCredentials? _callCredentials;

    public GrpcXdsTransport(XdsServerConfig server, GrpcXdsTransportOptions? options = null)
        : this(server, options ?? new GrpcXdsTransportOptions(), TimeProvider.System, NullLogger.Instance)
    {
    }

    public GrpcXdsTransport(XdsServerConfig server, GrpcXdsTransportOptions options, TimeProvider timeProvider, ILogger logger)
    {
        if (server.Credentials is TlsCredentialsConfig tls)
        {
            var targetHost = server.Address is TcpServerAddress tcp ? tcp.Host : "localhost";
            _credentials = new ControlPlaneCredentials(tls, targetHost, timeProvider, logger);
        }

        _callCredentials = CreateCallCredentials(server, timeProvider);
        ServerName = server.ServerUri;
        FailsOnDataErrors = server.FailsOnDataErrors;
        IsResourceTimerTransient = server.IsResourceTimerTransient;
        IsTrusted = server.IsTrusted;
        _closed = _closing.Token;
        _errors = new GrpcXdsErrors(server.ServerUri, options.MaxResponseBytes);
        _channel = GrpcChannel.ForAddress(GetAuthority(server), new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(new ControlPlaneConnector(server, _credentials), options),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = options.MaxResponseBytes,
            MaxSendMessageSize = null,
        });
        _client = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(_channel);
    }

    public string ServerName { get; }

    public bool FailsOnDataErrors { get; }

    public bool IsResourceTimerTransient { get; }

    public bool IsTrusted { get; }

    public IXdsStream OpenStream(CancellationToken cancellationToken) => new GrpcXdsStream(_client, _callCredentials, _errors, _closed, cancellationToken);

    /// <summary>Breaks the streams that are open and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_closed.IsCancellationRequested)
        {
            await _closing.CancelAsync().ConfigureAwait(false);
        }

        _channel.Dispose();
        _credentials?.Dispose();
        _closing.Dispose();
    }

    // The gRPC client sends them over https only.
    private static CallCredentials? CreateCallCredentials(XdsServerConfig server, TimeProvider timeProvider)
    {
        if (server.JwtTokenFiles.IsEmpty)
        {
            return null;
        }

        var files = server.JwtTokenFiles.Select(path => new JwtTokenFile(path, timeProvider)).ToArray();
        return CallCredentials.FromInterceptor(async (context, metadata) =>
        {
            foreach (var file in files)
            {
                metadata.Add("authorization", $"Bearer {await file.GetTokenAsync(context.CancellationToken).ConfigureAwait(false)}");
            }
        });
    }

    private static SocketsHttpHandler CreateHandler(ControlPlaneConnector connector, GrpcXdsTransportOptions options) => new()
    {
        ConnectCallback = (_, cancellationToken) => connector.ConnectAsync(cancellationToken),
        ConnectTimeout = options.ConnectTimeout,
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = options.PingDelay,
        KeepAlivePingTimeout = options.PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionIdleTimeout = options.IdleTimeout,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    };

    // The scheme must be the connection's: servers refuse http over TLS. The connector has already done the handshake and
    // hands over an SslStream, which the handler takes as it is.
    private static Uri GetAuthority(XdsServerConfig server)
    {
        var scheme = server.Credentials is TlsCredentialsConfig ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        return server.Address is TcpServerAddress tcp
            ? new UriBuilder(scheme, tcp.Host, tcp.Port).Uri
            : new UriBuilder(scheme, "localhost").Uri;
    }
}
