using System.Runtime.CompilerServices;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// Waits for a condition that raises no event. The one place where tests poll: whatever can be awaited is awaited instead.
/// </summary>
public static class Until
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    /// <param name="condition">Asked again every few milliseconds.</param>
    /// <param name="what">What is waited for, in words: the text of the failure. Default: the condition's own source.</param>
    /// <param name="timeout">Default: <see cref="TestTimeouts.Default"/>.</param>
    /// <exception cref="TimeoutException">It did not become true in time.</exception>
    public static Task TrueAsync(
        Func<bool> condition,
        [CallerArgumentExpression(nameof(condition))] string what = "",
        TimeSpan? timeout = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, timeout);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, TimeSpan?)"/>
    public static async Task TrueAsync(
        Func<Task<bool>> condition,
        [CallerArgumentExpression(nameof(condition))] string what = "",
        TimeSpan? timeout = null)
    {
        var limit = timeout ?? TestTimeouts.Default;
        var start = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Period, TimeProvider.System);

        while (!await condition().WaitAsync(limit, TimeProvider.System))
        {
            if (TimeProvider.System.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException($"Not so within {limit.TotalSeconds:0.#} s: {what}");
            }

            await timer.WaitForNextTickAsync();
        }
    }
}
