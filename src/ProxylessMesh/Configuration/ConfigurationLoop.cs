using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ProxylessMesh.Configuration;

/// <summary>
/// The one writer of the configuration road: work posted here runs one piece at a time, in the order posted. Whatever is
/// "on the configuration loop" needs no lock.
/// </summary>
internal sealed partial class ConfigurationLoop : IAsyncDisposable
{
    private readonly Channel<Action> _work = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ILogger _logger;
    private readonly Task _completion;

    public ConfigurationLoop(ILogger logger)
    {
        _logger = logger;
        _completion = Task.Run(RunAsync);
    }

    /// <summary>Runs <paramref name="work"/> soon; drops it once the loop is disposed.</summary>
    public void Post(Action work) => _work.Writer.TryWrite(work);

    /// <summary>Runs <paramref name="work"/> and completes after it, with its exception if it threw. Cancelled once the loop is disposed.</summary>
    public Task InvokeAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = _work.Writer.TryWrite(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });

        return posted ? done.Task : Task.FromCanceled(new CancellationToken(canceled: true));
    }

    /// <summary>Finishes what was posted and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await _completion.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        await foreach (var work in _work.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                work();
            }
            catch (Exception exception)
            {
                // A defect of ours in one piece of work must not end configuration for good: traffic goes on with what is published.
                LogWorkFailed(exception);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Critical, "A configuration step failed; traffic goes on with the configuration published last")]
    private partial void LogWorkFailed(Exception exception);
}
