using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds;

/// <summary>What a stream tells its owner; every call is made on the configuration loop.</summary>
internal interface IAdsStreamOwner
{
    /// <summary>A stream was opened: the first requests go to <paramref name="requests"/>, and later ones until it closes.</summary>
    void OnOpened(ChannelWriter<DiscoveryRequest> requests);

    /// <summary>A request reached the connected transport.</summary>
    void OnSent(DiscoveryRequest request);

    void OnResponse(DiscoveryResponse response);

    /// <summary>The stream ended; <paramref name="isFailure"/> when it never brought a response (gRFC A57).</summary>
    void OnClosed(bool isFailure, string reason);
}

/// <summary>
/// Keeps one aggregated discovery stream to one control plane: opens it, opens it again when it ends. A stream that ended
/// before any response is a failure and backs off; one that worked is reopened at once, for servers end streams as a
/// matter of routine (gRFC A57). Reads the next response only after the last was dealt with, so that a fast server cannot
/// run ahead of us.
/// </summary>
internal sealed partial class AdsStream(
    IXdsTransport transport,
    ConfigurationLoop loop,
    IAdsStreamOwner owner,
    TimeProvider timeProvider,
    IRandomSource random,
    ILogger logger)
{
    private readonly Backoff _backoff = new(random);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var (hadResponse, reason) = await RunOnceAsync(cancellationToken).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await loop.InvokeAsync(() => owner.OnClosed(!hadResponse, reason)).ConfigureAwait(false);
            if (hadResponse)
            {
                LogEnded(transport.ServerName, reason);
                _backoff.Reset();
                continue;
            }

            var delay = _backoff.Next();
            LogFailed(transport.ServerName, reason, delay);
            await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(bool HadResponse, string Reason)> RunOnceAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var requests = Channel.CreateUnbounded<DiscoveryRequest>(new UnboundedChannelOptions { SingleReader = true });
        var stream = transport.OpenStream(ended.Token);
        await using var _ = stream.ConfigureAwait(false);
        await loop.InvokeAsync(() => owner.OnOpened(requests.Writer)).ConfigureAwait(false);

        // 1. Both directions run until either ends; 2. then the other is stopped and its end awaited; 3. whatever ended first names the reason.
        var hadResponse = false;
        var reading = GuardAsync(ReadAsync(stream, () => hadResponse = true, ended.Token));
        var writing = GuardAsync(WriteAsync(stream, requests.Reader, ended.Token));
        var first = await Task.WhenAny(reading, writing).ConfigureAwait(false);
        requests.Writer.TryComplete();
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(reading, writing).ConfigureAwait(false);
        return (hadResponse, await first.ConfigureAwait(false));
    }

    private async Task<string> ReadAsync(IXdsStream stream, Action onResponse, CancellationToken cancellationToken)
    {
        while (await stream.ReadAsync(cancellationToken).ConfigureAwait(false) is { } response)
        {
            onResponse();
            LogReceived(transport.ServerName, response.TypeUrl, response.VersionInfo, response.Resources.Count);
            await loop.InvokeAsync(() => owner.OnResponse(response)).ConfigureAwait(false);
        }

        return "the control plane ended the stream";
    }

    private async Task<string> WriteAsync(IXdsStream stream, ChannelReader<DiscoveryRequest> requests, CancellationToken cancellationToken)
    {
        await foreach (var request in requests.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await stream.SendAsync(request, cancellationToken).ConfigureAwait(false);
            loop.Post(() => owner.OnSent(request));
        }

        return "stopped";
    }

    /// <summary>A broken stream is an expected end: its reason becomes a value.</summary>
    private async Task<string> GuardAsync(Task<string> direction)
    {
        try
        {
            return await direction.ConfigureAwait(false);
        }
        catch (XdsTransportException exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException)
        {
            return "stopped";
        }
        catch (Exception exception)
        {
            // A transport that breaks its contract ends this stream, not the search for the next one.
            LogBroken(exception, transport.ServerName);
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    [LoggerMessage(10, LogLevel.Debug, "{Server} sent {TypeUrl} version '{Version}' with {Count} resources")]
    private partial void LogReceived(string server, string typeUrl, string version, int count);

    [LoggerMessage(13, LogLevel.Error, "The stream to {Server} broke in an unexpected way")]
    private partial void LogBroken(Exception exception, string server);

    [LoggerMessage(11, LogLevel.Information, "The stream to {Server} ended ({Reason}); opening another. The configuration in use stays")]
    private partial void LogEnded(string server, string reason);

    [LoggerMessage(12, LogLevel.Warning, "No stream to {Server}: {Reason}. Trying again in {Delay}. The configuration in use stays")]
    private partial void LogFailed(string server, string reason, TimeSpan delay);
}
