using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Quickstart;

/// <summary>One version of the service "orders" on two free ports: HTTP/1.1 on one, gRPC (cleartext HTTP/2) on the other.</summary>
internal sealed class Backend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<HttpProtocols, ListenOptions> _listeners = [];
    private bool _isStopped;

    private Backend(string version)
    {
        Version = version;

        // Empty: it reads no settings, so nothing in the environment moves the ports.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Listen(kestrel, HttpProtocols.Http1);
            Listen(kestrel, HttpProtocols.Http2);
        });
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.Services.AddLogging(logging => logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning));
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet("/", (HttpContext context) => new Greeting(Version, context.Connection.LocalPort));
        _app.MapGrpcService<GreeterService>();
    }

    public string Version { get; }

    public int HttpPort => PortOf(HttpProtocols.Http1);

    public int GrpcPort => PortOf(HttpProtocols.Http2);

    public static async Task<Backend> StartAsync(string version)
    {
        var backend = new Backend(version);
        await backend._app.StartAsync();
        return backend;
    }

    /// <summary>Ends in order: accepts no more, answers the requests under way, closes its connections. Harmless when repeated.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isStopped)
        {
            _isStopped = true;
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    private void Listen(KestrelServerOptions kestrel, HttpProtocols protocol) => kestrel.Listen(IPAddress.Loopback, 0, listener =>
    {
        listener.Protocols = protocol;
        _listeners[protocol] = listener;
    });

    // Kestrel writes the port it was given into the endpoint.
    private int PortOf(HttpProtocols protocol) => _listeners[protocol].IPEndPoint?.Port ?? throw new InvalidOperationException("The backend listens on no TCP port.");

    private sealed class GreeterService(Backend backend) : Greeter.GreeterBase
    {
        public override Task<GreetReply> Greet(GreetRequest request, ServerCallContext context)
            => Task.FromResult(new GreetReply { Version = backend.Version, Port = context.GetHttpContext().Connection.LocalPort });
    }
}

/// <summary>Who answered, over HTTP.</summary>
internal sealed record Greeting(string Version, int Port);
