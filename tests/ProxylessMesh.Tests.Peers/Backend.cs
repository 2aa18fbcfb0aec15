using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.Tests.Peers;

public enum BackendProtocol
{
    /// <summary>HTTP/1.1 in plaintext.</summary>
    Http1,

    /// <summary>HTTP/2 in plaintext with prior knowledge (h2c); also serves <see cref="EchoService"/>.</summary>
    Http2,
}

/// <summary>What a backend saw of one request.</summary>
public sealed record SeenRequest(string Method, string Host, string PathAndQuery, string Protocol, IReadOnlyDictionary<string, string> Headers);

/// <summary>
/// A real server that says who it is and what it saw. Any path echoes the request's body as it streams in, with the
/// headers <c>x-backend</c>, <c>x-host</c> and <c>x-path</c>; <c>/slow</c>, <c>/stream</c> and <c>/status/{code}</c>
/// answer as the test directs. Safe for concurrent use.
/// </summary>
public sealed class Backend : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte> _hosts = new(StringComparer.Ordinal);
    private readonly Channel<StreamedResponse> _streams = Channel.CreateUnbounded<StreamedResponse>();
    private PeerHost? _host;
    private int _requests;
    private int _connections;
    private int _openConnections;
    private volatile SeenRequest? _lastRequest;

    private Backend(string id, string address)
    {
        Id = id;
        Address = address;
    }

    public string Id { get; }

    /// <summary>The IP address listened on.</summary>
    public string Address { get; }

    public int Port { get; private set; }

    /// <summary>How many requests have arrived, of HTTP and gRPC alike.</summary>
    public int RequestCount => Volatile.Read(ref _requests);

    /// <summary>How many connections have ever been accepted.</summary>
    public int ConnectionCount => Volatile.Read(ref _connections);

    /// <summary>How many connections are open now.</summary>
    public int OpenConnectionCount => Volatile.Read(ref _openConnections);

    /// <summary>The distinct <c>Host</c> or <c>:authority</c> values seen.</summary>
    public IReadOnlyCollection<string> Hosts => [.. _hosts.Keys];

    public SeenRequest? LastRequest => _lastRequest;

    /// <summary>Holds requests to <c>/slow</c> and gRPC calls that ask for it.</summary>
    public Gate Gate { get; } = new();

    /// <param name="id">What the backend calls itself.</param>
    /// <param name="protocol">The protocol its port speaks.</param>
    /// <param name="address">An IP address of this machine, any of 127.0.0.0/8.</param>
    /// <param name="port">0 takes a free one.</param>
    public static async Task<Backend> StartAsync(string id, BackendProtocol protocol, string address = "127.0.0.1", int port = 0)
    {
        var backend = new Backend(id, address);
        await backend.StartHostAsync(protocol, port);
        return backend;
    }

    /// <summary>The next request to <c>/stream</c> that no earlier call returned.</summary>
    /// <exception cref="TimeoutException">None came within <see cref="TestTimeouts.Default"/>.</exception>
    public Task<StreamedResponse> NextStreamAsync() =>
        _streams.Reader.ReadAsync().AsTask().WaitAsync(TestTimeouts.Default);

    /// <summary>Ends in order: requests in flight are answered, new connections refused.</summary>
    public Task StopAsync() => _host!.StopAsync();

    /// <summary>Ends as a killed process does: the listener and all connections are gone at once.</summary>
    public Task KillAsync() => _host!.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        Gate.Dispose();
    }

    internal void Offer(StreamedResponse response) => _streams.Writer.TryWrite(response);

    internal void Count(SeenRequest request)
    {
        _lastRequest = request;
        _hosts.TryAdd(request.Host, 0);
        Interlocked.Increment(ref _requests);
    }

    private async Task StartHostAsync(BackendProtocol protocol, int port)
    {
        _host = await PeerHost.StartAsync(
            kestrel => kestrel.Listen(IPAddress.Parse(Address), port, listener =>
            {
                listener.Protocols = protocol == BackendProtocol.Http1 ? HttpProtocols.Http1 : HttpProtocols.Http2;
                listener.Use(next => async connection =>
                {
                    Interlocked.Increment(ref _connections);
                    Interlocked.Increment(ref _openConnections);
                    try
                    {
                        await next(connection);
                    }
                    finally
                    {
                        Interlocked.Decrement(ref _openConnections);
                    }
                });
            }),
            services =>
            {
                services.AddSingleton(this);
                services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
            },
            app =>
            {
                app.UseMiddleware<BackendRequests>();
                app.UseRouting();
                if (protocol == BackendProtocol.Http2)
                {
                    app.MapGrpcService<EchoEndpoint>();
                }

                BackendRequests.Map(app, this);
            });
        Port = _host.Port;
    }
}
