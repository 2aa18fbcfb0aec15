using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ProxylessMesh.Tests.Peers;

/// <summary>A real server that answers every request as the test's handler says.</summary>
public sealed class HandlerBackend : IAsyncDisposable
{
    private readonly PeerHost _host;

    private HandlerBackend(PeerHost host) => _host = host;

    public int Port => _host.Port;

    /// <param name="protocol">The protocol its port speaks.</param>
    /// <param name="handler">Answers every request.</param>
    /// <param name="address">An IP address of this machine; loopback where <see langword="null"/>.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="limits">Changes the server's limits.</param>
    public static async Task<HandlerBackend> StartAsync(BackendProtocol protocol, RequestDelegate handler, Action<KestrelServerLimits>? limits = null, string? address = null, int port = 0) => new(await PeerHost.StartAsync(
        kestrel =>
        {
            limits?.Invoke(kestrel.Limits);
            kestrel.Listen(address is null ? IPAddress.Loopback : IPAddress.Parse(address), port, listener => listener.Protocols = protocol == BackendProtocol.Http1 ? HttpProtocols.Http1 : HttpProtocols.Http2);
        },
        static _ => { },
        app =>
        {
            app.UseWebSockets();
            app.Run(handler);
        }));

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
