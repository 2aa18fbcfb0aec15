using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// One Kestrel server on a real socket that reads neither files nor environment. It can end in order, or as a killed
/// process would: listener and connections gone at once.
/// </summary>
internal sealed class PeerHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _ended;

    private PeerHost(WebApplication app) => _app = app;

    /// <summary>The TCP port listened on; 0 for a Unix socket.</summary>
    public int Port { get; private set; }

    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<PeerHost> StartAsync(
        Action<KestrelServerOptions> listen, Action<IServiceCollection> services, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            // A test may pause for as long as it likes in the middle of a body.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
            listen(kestrel);
        });
        builder.Services.AddRouting();
        services(builder.Services);
        var app = builder.Build();
        map(app);

        var host = new PeerHost(app);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        host.Port = address.Contains("unix:", StringComparison.Ordinal) ? 0 : BindingAddress.Parse(address).Port;
        return host;
    }

    /// <summary>Stops accepting, lets the requests in flight end, then closes their connections.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    /// <summary>Closes the listener and every connection without waiting for anything in flight.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            // The server is told before the host: the host's own shutdown would first let requests end.
            await _app.Services.GetRequiredService<IServer>().StopAsync(new CancellationToken(canceled: true));
            await _app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}
