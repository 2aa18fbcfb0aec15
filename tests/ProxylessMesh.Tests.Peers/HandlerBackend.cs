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
    /// <param name="limits">Changes the server's limits.</param>
    public static async Task<HandlerBackend> StartAsync(BackendProtocol protocol, RequestDelegate handler, Action<KestrelServerLimits>? limits = null) => new(await PeerHost.StartAsync(
        kestrel =>
        {
            limits?.Invoke(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = protocol == BackendProtocol.Http1 ? HttpProtocols.Http1 : HttpProtocols.Http2);
        },
        static _ => { },
        app =>
        {
            app.UseWebSockets();
            app.Run(handler);
        }));

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
