using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Tests.Resilience;

/// <summary>Deadlines are used again: what belongs to one request must never end another.</summary>
public sealed class RequestDeadlineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    [Fact]
    public void Timer_RequestEndsAndTheNextBeginsMeanwhile_TheNextHasItsWholeTime()
    {
        var clock = new InterruptedClock();
        var deadlines = new RequestDeadlines(clock);
        var first = deadlines.Begin(Limit, route: null, idle: null, isKept: true, CancellationToken.None);
        RequestDeadline? second = null;
        clock.OnNextTimestamp = () =>
        {
            // The timer has found that the first is still under way, and now looks at the time.
            first.End(isUnused: true);
            second = deadlines.Begin(Limit, route: null, idle: null, isKept: true, CancellationToken.None);
        };

        clock.Advance(Limit);

        Assert.Same(first, second);
        Assert.False(second!.IsExpired);
        Assert.False(second.Token.IsCancellationRequested);
        clock.Advance(Limit);
        Assert.True(second.IsExpired);
    }

    [Fact]
    public void End_CallerOfTheRequestBeforeCancels_TheNextGoesOn()
    {
        var deadlines = new RequestDeadlines(new FakeTimeProvider());
        using var caller = new CancellationTokenSource();
        var first = deadlines.Begin(Limit, route: null, idle: null, isKept: true, caller.Token);
        first.End(isUnused: true);
        var second = deadlines.Begin(Limit, route: null, idle: null, isKept: true, CancellationToken.None);

        caller.Cancel();

        Assert.Same(first, second);
        Assert.False(second.Token.IsCancellationRequested);
    }

    /// <summary>Lets something happen the next time that somebody asks for the time.</summary>
    private sealed class InterruptedClock : FakeTimeProvider
    {
        public Action? OnNextTimestamp { get; set; }

        public override long GetTimestamp()
        {
            var action = OnNextTimestamp;
            OnNextTimestamp = null;
            action?.Invoke();
            return base.GetTimestamp();
        }
    }
}
