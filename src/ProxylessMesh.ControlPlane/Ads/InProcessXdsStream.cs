using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>One stream to the control plane in the same process. Its loop runs until the stream is disposed or its token is cancelled.</summary>
internal sealed class InProcessXdsStream : IXdsStream
{
    /// <summary>Room for a client that subscribes to every type before it reads its first response.</summary>
    private const int QueueLength = 16;

    private readonly Channel<DiscoveryRequest> _requests = CreateQueue<DiscoveryRequest>();
    private readonly Channel<DiscoveryResponse> _responses = CreateQueue<DiscoveryResponse>();
    private readonly string _serverName;
    private readonly Action<InProcessXdsStream> _onDisposed;
    private readonly CancellationTokenSource _ended;
    private readonly Task _loop;
    private int _isDisposed; // 0 or 1, interlocked

    /// <param name="serverName">For errors.</param>
    /// <param name="store">The configuration to serve.</param>
    /// <param name="logger">For the session.</param>
    /// <param name="onDisposed">Called once.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public InProcessXdsStream(
        string serverName,
        MeshConfigurationStore store,
        ILogger logger,
        Action<InProcessXdsStream> onDisposed,
        CancellationToken cancellationToken)
    {
        _serverName = serverName;
        _onDisposed = onDisposed;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = _ended.Token;
        _loop = Task.Run(() => RunAsync(store, logger, token), CancellationToken.None);
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(DiscoveryRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await _requests.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException exception)
        {
            throw Broken(exception.InnerException);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<DiscoveryResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _responses.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException exception)
        {
            throw Broken(exception.InnerException);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            await _loop.ConfigureAwait(false);
            return;
        }

        await _ended.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _ended.Dispose();
        _onDisposed(this);
    }

    private static Channel<T> CreateQueue<T>() => Channel.CreateBounded<T>(new BoundedChannelOptions(QueueLength) { SingleReader = true, SingleWriter = true });

    // Never throws: why it ended is told to the client through the queues.
    private async Task RunAsync(MeshConfigurationStore store, ILogger logger, CancellationToken cancellationToken)
    {
        Exception? reason = null;
        try
        {
            await AdsStreamLoop.RunAsync(
                store,
                async token => await _requests.Reader.ReadAsync(token).ConfigureAwait(false),
                (response, token) => _responses.Writer.WriteAsync(response, token).AsTask(),
                logger,
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Closed from this side: the queues end without a reason.
        }
        catch (Exception exception)
        {
            reason = exception;
        }

        _requests.Writer.TryComplete(reason);
        _responses.Writer.TryComplete(reason);
    }

    private XdsTransportException Broken(Exception? reason)
        => reason is null
            ? new XdsTransportException($"The discovery stream to {_serverName} was closed.")
            : new XdsTransportException($"The discovery stream to {_serverName} failed: {reason.Message}", reason);
}
