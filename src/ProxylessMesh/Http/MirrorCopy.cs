using System.Diagnostics;
using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>How long a copy of a request may take.</summary>
/// <param name="Stream">From its beginning; <see langword="null"/> for no such limit.</param>
/// <param name="Route">For an endpoint, and then once it has been sent in full.</param>
internal readonly record struct MirrorTime(TimeSpan? Stream, TimeSpan Route);

/// <summary>One copy of a request, on its way.</summary>
/// <param name="cluster">Where to.</param>
/// <param name="isNamedByRequest">Whether that is the request's word: then it is no name to count under.</param>
/// <param name="isTraced">Whether it is part of the request's trace.</param>
/// <param name="body">Its body, where that is read with the request's; disposed with this copy.</param>
/// <param name="time">How long it may take.</param>
internal sealed class MirrorCopy(string cluster, bool isNamedByRequest, bool isTraced, ReplayContent? body, MirrorTime time) : IBodyObserver, IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _timer;

    public string ClusterName => isNamedByRequest ? "" : cluster;

    public ReplayContent? Body => body;

    /// <summary>Whether it could not keep up with its request.</summary>
    public bool IsCutOff => body is { IsCutOff: true };

    /// <summary>What is sent. Set before it is.</summary>
    public HttpRequestMessage Message { get; set; } = null!;

    public async Task<MirrorOutcome> RunAsync(RequestMirrors mirrors, CancellationToken closing)
    {
        if (!isTraced)
        {
            Activity.Current = null;
        }

        var timer = mirrors.NewTimer();
        lock (_lock)
        {
            _timer = timer;
        }

        // As long as it looks for an endpoint, and again once it has been sent: in between it takes as long as its request does.
        using var registration = closing.UnsafeRegister(static state => ((MirrorCopy)state!).Cancel(), this);
        timer.CancelAfter(Shorter(time.Route));
        var endpoint = await mirrors.FindEndpointAsync(cluster, Message, timer.Token).ConfigureAwait(false);
        if (endpoint is null)
        {
            return MirrorOutcome.Dropped;
        }

        timer.CancelAfter(body is null ? Shorter(time.Route) : time.Stream ?? Timeout.InfiniteTimeSpan);
        try
        {
            var sent = UpstreamVersion.Apply(Message, endpoint.Protocol);
            using var response = await endpoint.SendAsync(sent, timer.Token).ConfigureAwait(false);
            endpoint.OnConnected();
            await response.Content.CopyToAsync(Stream.Null, timer.Token).ConfigureAwait(false);
            return IsCutOff ? MirrorOutcome.Dropped : MirrorOutcome.Sent;
        }
        catch (HttpRequestException exception) when (exception.InnerException is EndpointConnectException)
        {
            endpoint.OnConnectFailed();
            throw;
        }
        finally
        {
            endpoint.Release();
        }
    }

    public void OnSent()
    {
        lock (_lock)
        {
            _timer?.CancelAfter(Shorter(time.Route));
        }
    }

    public void Dispose()
    {
        CancellationTokenSource? timer;
        lock (_lock)
        {
            timer = _timer;
            _timer = null;
        }

        timer?.Dispose();
        body?.Dispose();
    }

    private void Cancel()
    {
        CancellationTokenSource? timer;
        lock (_lock)
        {
            timer = _timer;
        }

        timer?.Cancel();
    }

    private TimeSpan Shorter(TimeSpan limit) => time.Stream < limit ? time.Stream.Value : limit;
}
