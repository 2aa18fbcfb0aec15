using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// A real ADS server (state of the world) on a socket, that says nothing by itself: the test takes the streams as they
/// are opened and writes every response. It can be stopped, killed and started again in the same place.
/// </summary>
public sealed class ScriptedAdsServer : IAsyncDisposable
{
    private readonly Channel<ScriptedAdsStream> _accepted = Channel.CreateUnbounded<ScriptedAdsStream>();
    private readonly Lock _lock = new();
    private readonly List<ScriptedAdsStream> _streams = []; // guarded by _lock
    private ScriptedAdsServerOptions _options;
    private PeerHost? _host;

    private ScriptedAdsServer(ScriptedAdsServerOptions options) => _options = options;

    /// <summary>Stays the same when the server is started again.</summary>
    public int Port => _options.Port;

    /// <summary>What a bootstrap's <c>server_uri</c> says to reach it.</summary>
    public string ServerUri => _options.UnixSocketPath is { } path ? $"unix:{path}" : $"127.0.0.1:{Port}";

    /// <summary>Every stream ever accepted, oldest first.</summary>
    public IReadOnlyList<ScriptedAdsStream> Streams
    {
        get
        {
            lock (_lock)
            {
                return [.. _streams];
            }
        }
    }

    public static async Task<ScriptedAdsServer> StartAsync(ScriptedAdsServerOptions? options = null)
    {
        var server = new ScriptedAdsServer(options ?? new ScriptedAdsServerOptions());
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts listening again, in the same place, after <see cref="StopAsync"/> or <see cref="KillAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        if (_options.UnixSocketPath is { } path)
        {
            File.Delete(path); // A killed process leaves its socket file behind.
        }

        _host = await PeerHost.StartAsync(Listen, services => services.AddSingleton(this).AddGrpc(grpc => grpc.MaxReceiveMessageSize = null), app =>
        {
            app.UseRouting();
            app.MapGrpcService<ScriptedAdsEndpoint>();
        });
        _options = _options with { Port = _host.Port };
    }

    /// <summary>The next stream that no earlier call returned.</summary>
    /// <exception cref="TimeoutException">None was opened in time.</exception>
    public async Task<ScriptedAdsStream> NextStreamAsync(TimeSpan? timeout = null)
    {
        try
        {
            return await _accepted.Reader.ReadAsync().AsTask().WaitAsync(timeout ?? TestTimeouts.Default);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"No client opened a stream; {Streams.Count} were opened before.", e);
        }
    }

    /// <summary>Ends in order: every open stream ends with OK, then the listener is gone.</summary>
    public async Task StopAsync()
    {
        foreach (var stream in Streams)
        {
            stream.Close();
        }

        await _host!.StopAsync();
    }

    /// <summary>Ends as a killed process does.</summary>
    public Task KillAsync() => _host!.KillAsync();

    public ValueTask DisposeAsync() => _host!.DisposeAsync();

    /// <summary>All streams as they are accepted, in place of <see cref="NextStreamAsync"/>.</summary>
    internal IAsyncEnumerable<ScriptedAdsStream> AcceptAsync(CancellationToken cancellationToken) =>
        _accepted.Reader.ReadAllAsync(cancellationToken);

    internal void Offer(ScriptedAdsStream stream)
    {
        lock (_lock)
        {
            _streams.Add(stream);
        }

        _accepted.Writer.TryWrite(stream);
    }

    private void Listen(KestrelServerOptions kestrel)
    {
        if (_options.UnixSocketPath is { } path)
        {
            kestrel.ListenUnixSocket(path, Configure);
        }
        else
        {
            kestrel.Listen(IPAddress.Loopback, _options.Port, Configure);
        }
    }

    private void Configure(ListenOptions listener)
    {
        listener.Protocols = HttpProtocols.Http2;
        if (_options.Certificate is { } certificate)
        {
            listener.UseHttps(certificate, https =>
            {
                if (_options.AcceptsClient is { } accepts)
                {
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (client, _, _) => accepts(client);
                }
            });
        }
    }
}
