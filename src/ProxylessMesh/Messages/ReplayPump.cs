using System.Net;

namespace ProxylessMesh.Messages;

/// <summary>Reads the caller's body into a <see cref="ReplayBuffer"/>, once, until nobody wants it any more.</summary>
internal sealed class ReplayPump(HttpContent content, ReplayBuffer buffer)
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _running;
    private bool _isStarted;
    private bool _isCancelled;

    /// <summary>Starts, once, on a thread of its own: a body that writes itself without awaiting must not block its reader.</summary>
    public void Start(TransportContext? context)
    {
        lock (_lock)
        {
            if (_isStarted)
            {
                return;
            }

            _isStarted = true;
        }

        _ = Task.Run(() => RunAsync(context), CancellationToken.None); // what it fails with goes to the readers
    }

    public void Cancel()
    {
        lock (_lock)
        {
            _isCancelled = true;
            _running?.Cancel();
        }
    }

    private async Task RunAsync(TransportContext? context)
    {
        Exception? failure = null;
        using var running = new CancellationTokenSource();
        lock (_lock)
        {
            _running = running;
            if (_isCancelled)
            {
                running.Cancel();
            }
        }

        try
        {
            using var stream = new ReplayStream(buffer);
            await content.CopyToAsync(stream, context, running.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        lock (_lock)
        {
            _running = null;
        }

        buffer.Complete(failure);
    }
}
