using System.Diagnostics;
using System.Globalization;
using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.Benchmarks.EndToEnd;

/// <summary>The server of the end-to-end comparison: this program once more, in a process of its own that ends with its standard input.</summary>
internal sealed class BackendProcess : IDisposable
{
    /// <summary>The verb that makes this program the server.</summary>
    public const string Verb = "backend";

    private readonly Process _process;

    private BackendProcess(Process process, int http1Port, int http2Port)
    {
        _process = process;
        Http1Port = http1Port;
        Http2Port = http2Port;
    }

    public int Http1Port { get; }

    /// <summary>HTTP/2 in plaintext with prior knowledge, gRPC included.</summary>
    public int Http2Port { get; }

    /// <summary>What the server has used of the CPU until now.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<BackendProcess> StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(BackendProcess).Assembly.Location, Verb]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The backend process did not start.");
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The backend process ended before it listened.");
        var ports = line.Split(' ');
        return new BackendProcess(process, int.Parse(ports[0], CultureInfo.InvariantCulture), int.Parse(ports[1], CultureInfo.InvariantCulture));
    }

    /// <summary>What the other process does: prints its two ports and serves until standard input closes.</summary>
    public static async Task<int> MainAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listener => listener.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, static listener => listener.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<EchoEndpoint>();
        app.MapPost("/echo", EchoAsync);
        await app.StartAsync();

        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        Console.WriteLine(string.Join(' ', addresses.Select(static address => BindingAddress.Parse(address).Port)));
        await Console.In.ReadToEndAsync();
        return 0;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var body = new byte[(int)context.Request.ContentLength!]; // both clients send it
        await context.Request.Body.ReadExactlyAsync(body);
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private sealed class EchoEndpoint : EchoService.EchoServiceBase
    {
        public override Task<EchoMessage> Unary(EchoMessage request, ServerCallContext context) => Task.FromResult(request);
    }
}
