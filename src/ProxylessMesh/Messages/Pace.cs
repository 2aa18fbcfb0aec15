namespace ProxylessMesh.Messages;

/// <summary>
/// How fast bytes may pass: a sixteenth of a second's worth in each sixteenth of a second, so that what is not used is lost and nothing bursts
/// (Envoy's response rate limit). For one reader.
/// </summary>
/// <param name="bytesPerSecond">At least 1.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class Pace(long bytesPerSecond, TimeProvider timeProvider)
{
    private const int Steps = 16;

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1) / Steps;

    private readonly long _bytesPerStep = Math.Max(1, bytesPerSecond / Steps);
    private long _left = Math.Max(1, bytesPerSecond / Steps);
    private long _stepStart = timeProvider.GetTimestamp();

    /// <summary>Waits until bytes may pass.</summary>
    /// <param name="wanted">How many are wanted.</param>
    /// <param name="cancellationToken">The reader's.</param>
    /// <returns>How many may: at least one, where any are wanted.</returns>
    public async ValueTask<int> WaitAsync(int wanted, CancellationToken cancellationToken)
    {
        while (_left == 0)
        {
            var elapsed = timeProvider.GetElapsedTime(_stepStart);
            if (elapsed >= Step)
            {
                _left = _bytesPerStep;
                _stepStart = timeProvider.GetTimestamp();
                break;
            }

            // Timers count whole milliseconds, and may be early by one.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling((Step - elapsed).TotalMilliseconds)), timeProvider, cancellationToken).ConfigureAwait(false);
        }

        return (int)Math.Min(wanted, _left);
    }

    /// <summary>So many have passed.</summary>
    public void OnPassed(int count) => _left -= count;
}
