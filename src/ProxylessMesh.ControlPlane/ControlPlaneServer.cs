using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Ads;

namespace ProxylessMesh.ControlPlane;

/// <summary>
/// An xDS v3 server fed by a mesh file or a directory of them, for several processes: the aggregated discovery service (state of the world) over
/// gRPC in plaintext. Any xDS client of gRPC can use it. Disposing stops it.
/// </summary>
public sealed class ControlPlaneServer : IAsyncDisposable
{
    private static readonly TimeSpan KeepAlivePingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepAlivePingTimeout = TimeSpan.FromSeconds(20);

    private readonly MeshFileControlPlane _controlPlane;
    private readonly WebApplication _application;

    private ControlPlaneServer(MeshFileControlPlane controlPlane, WebApplication application, string address)
    {
        _controlPlane = controlPlane;
        _application = application;
        Address = address;
    }

    /// <summary>Where the server listens: <c>http://127.0.0.1:15010</c>, with the port it was given if 0 was asked for, or <c>unix:/path</c>.</summary>
    public string Address { get; }

    /// <summary>Reads the configuration and starts to listen.</summary>
    /// <param name="options">What to serve, and where.</param>
    /// <param name="cancellationToken">Gives up starting; later it has no effect.</param>
    /// <returns>The running server; the caller disposes it.</returns>
    /// <exception cref="MeshFileException">A file is missing or wrong, or the directory has none.</exception>
    /// <exception cref="ArgumentException">The listen address is not one.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<ControlPlaneServer> StartAsync(ControlPlaneServerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var listenAddress = ControlPlaneListenAddress.Parse(options.ListenAddress);
        var controlPlane = await MeshFileControlPlane
            .StartAsync(options.ConfigurationFile, options.TimeProvider, options.LoggerFactory, cancellationToken)
            .ConfigureAwait(false);

        var application = Build(controlPlane, listenAddress, options.LoggerFactory);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            await controlPlane.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new ControlPlaneServer(controlPlane, application, AddressOf(application, listenAddress));
    }

    /// <summary>Ends every stream and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        await _controlPlane.DisposeAsync().ConfigureAwait(false);
    }

    private static WebApplication Build(MeshFileControlPlane controlPlane, ControlPlaneListenAddress listenAddress, ILoggerFactory loggerFactory)
    {
        // Empty: no environment variable or settings file of the host process moves this server elsewhere.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            // A client that vanished without a word is noticed, and its stream ended.
            kestrel.Limits.Http2.KeepAlivePingDelay = KeepAlivePingDelay;
            kestrel.Limits.Http2.KeepAlivePingTimeout = KeepAlivePingTimeout;
            listenAddress.Bind(kestrel);
        });
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(controlPlane.Store);
        builder.Services.AddSingleton<AdsService>();

        var application = builder.Build();
        application.UseRouting();
        application.MapGrpcService<AdsService>();
        return application;
    }

    private static string AddressOf(WebApplication application, ControlPlaneListenAddress listenAddress)
    {
        if (listenAddress.SocketPath is { } path)
        {
            return ControlPlaneListenAddress.UnixPrefix + path;
        }

        var server = (IServer)application.Services.GetRequiredService(typeof(IServer));
        var addresses = server.Features.Get<IServerAddressesFeature>() ?? throw new InvalidOperationException("The server does not tell its addresses.");
        return addresses.Addresses.Single();
    }
}
