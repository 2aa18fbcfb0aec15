using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxylessMesh.Http;
using ProxylessMesh.Transport;
using ProxylessMesh.Xds;

namespace ProxylessMesh;

/// <summary>
/// The mesh of a process. With a host it is registered by <c>builder.AddMesh()</c> and works behind every client; without one,
/// <see cref="StartAsync(MeshOptions, CancellationToken)"/> gives the same, to be disposed by the caller.
/// </summary>
/// <remarks>Safe for concurrent use.</remarks>
public sealed class Mesh : IAsyncDisposable
{
    private readonly MeshRuntime _runtime;

    internal Mesh(MeshRuntime runtime) => _runtime = runtime;

    internal MeshRuntime Runtime => _runtime;

    /// <summary>Starts a mesh of its own, configured by the environment (<c>GRPC_XDS_BOOTSTRAP</c> or <c>GRPC_XDS_BOOTSTRAP_CONFIG</c>).</summary>
    /// <inheritdoc cref="StartAsync(MeshOptions, ILoggerFactory, CancellationToken)"/>
    public static Task<Mesh> StartAsync(CancellationToken cancellationToken) => StartAsync(new MeshOptions(), cancellationToken);

    /// <summary>Starts a mesh of its own.</summary>
    /// <inheritdoc cref="StartAsync(MeshOptions, ILoggerFactory, CancellationToken)"/>
    public static Task<Mesh> StartAsync(MeshOptions options, CancellationToken cancellationToken) => StartAsync(options, NullLoggerFactory.Instance, cancellationToken);

    /// <summary>Starts a mesh of its own. Does not wait for a control plane, unless <see cref="MeshOptions.WaitForConfiguration"/> says so.</summary>
    /// <param name="options">The options; not to be changed afterwards.</param>
    /// <param name="loggerFactory">Where the mesh logs to.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <returns>The mesh. The caller disposes it: handlers and channels made from it then stop working.</returns>
    /// <exception cref="OptionsValidationException">The options are wrong; the message says which and what to change.</exception>
    /// <exception cref="MeshBootstrapException">The bootstrap is missing or wrong; the message says where.</exception>
    /// <exception cref="TimeoutException">The configuration waited for has not come.</exception>
    public static async Task<Mesh> StartAsync(MeshOptions options, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        var validation = new MeshOptionsValidator().Validate(Options.DefaultName, options);
        if (validation.Failed)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(MeshOptions), validation.Failures);
        }

        var controlPlane = options.ControlPlane ?? new BootstrapControlPlane(options.Bootstrap, configuration: null);
        var runtime = new MeshRuntime(options, controlPlane, TimeProvider.System, SharedRandomSource.Instance, SystemHostResolver.Instance, new SocketTransport(TimeProvider.System), loggerFactory);
        try
        {
            await runtime.PreloadAsync(cancellationToken).ConfigureAwait(false);
            return new Mesh(runtime);
        }
        catch
        {
            await runtime.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Makes an HTTP handler that sends through the mesh what belongs to it, and the rest as a plain
    /// <see cref="SocketsHttpHandler"/> would.
    /// </summary>
    /// <returns>A handler that many clients may share. Disposing it leaves the mesh's own connections open.</returns>
    public HttpMessageHandler CreateHandler() => CreateHandler(new SocketsHttpHandler());

    /// <summary>Makes an HTTP handler that sends through the mesh what belongs to it, and the rest through <paramref name="outside"/>.</summary>
    /// <param name="outside">Sends requests to hosts outside the mesh. Disposed with the handler.</param>
    /// <returns>A handler that many clients may share. Disposing it leaves the mesh's own connections open.</returns>
    public HttpMessageHandler CreateHandler(HttpMessageHandler outside)
    {
        ArgumentNullException.ThrowIfNull(outside);
        return new MeshHttpHandler(_runtime, outside);
    }

    /// <summary>Makes a gRPC channel through the mesh.</summary>
    /// <param name="address"><c>xds:///orders</c>, <c>xds://authority/orders</c> (gRFC A47) or <c>http://orders</c>, with a port if need be.</param>
    /// <returns>A channel for the caller to dispose.</returns>
    /// <exception cref="ArgumentException">The address is no such URI.</exception>
    public GrpcChannel CreateGrpcChannel(string address) => CreateGrpcChannel(address, new GrpcChannelOptions());

    /// <summary>Makes a gRPC channel through the mesh.</summary>
    /// <param name="address"><c>xds:///orders</c>, <c>xds://authority/orders</c> (gRFC A47) or <c>http://orders</c>, with a port if need be.</param>
    /// <param name="options">The channel's options. Its <see cref="GrpcChannelOptions.HttpHandler"/>, if any, sends the calls that do not belong to the mesh.</param>
    /// <returns>A channel for the caller to dispose.</returns>
    /// <exception cref="ArgumentException">The address is no such URI.</exception>
    public GrpcChannel CreateGrpcChannel(string address, GrpcChannelOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(address);
        ArgumentNullException.ThrowIfNull(options);
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            throw new ArgumentException($"'{address}' is not an absolute URI; write 'xds:///orders' or 'http://orders'.", nameof(address));
        }

        var target = XdsTarget.Parse(uri);
        options.HttpHandler = new MeshHttpHandler(_runtime, options.HttpHandler ?? new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, target);
        options.DisposeHttpClient = true;
        return GrpcChannel.ForAddress(target?.HttpAddress ?? uri, options);
    }

    /// <summary>
    /// Says what the mesh asks of its control plane and where it stands with each resource: version, accepted or rejected, and why. For
    /// diagnostics; holds no content of resources and no credentials.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the configuration's own thread, which is short.</param>
    /// <returns>The state at one moment. Does not start the mesh: without a request or <see cref="MeshOptions.Preload"/> it is empty.</returns>
    /// <exception cref="OperationCanceledException">Cancelled, or the mesh was disposed.</exception>
    public Task<MeshConfigurationDump> GetConfigurationDumpAsync(CancellationToken cancellationToken) => _runtime.DescribeAsync(cancellationToken);

    /// <summary>Ends the mesh: its stream to the control plane at once, its connections with the last request on each.</summary>
    public ValueTask DisposeAsync() => _runtime.DisposeAsync();
}
