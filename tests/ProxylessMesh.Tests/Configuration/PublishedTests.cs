using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Configuration;

public sealed class PublishedTests
{
    [Fact]
    public async Task WaitForChange_ValueIsAnotherAlready_EndsAtOnce()
    {
        var published = new Published<string>("a");
        published.Publish("b");

        await published.WaitForChangeAsync("a", CancellationToken.None).WaitAsync(TestTimeouts.Default);

        Assert.Equal("b", published.Value);
    }

    [Fact]
    public async Task WaitForChange_Cancelled_LeavesTheOtherWaitersWaiting()
    {
        var published = new Published<string>("a");
        using var cancellation = new CancellationTokenSource();
        var impatient = published.WaitForChangeAsync("a", cancellation.Token);
        var patient = published.WaitForChangeAsync("a", CancellationToken.None);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(patient.IsCompleted);
        published.Publish("b");

        await patient.WaitAsync(TestTimeouts.Default);
    }

    [Fact]
    public async Task WaitForChange_PublishedConcurrently_MissesNoValue()
    {
        const int last = 20_000;
        var published = new Published<string>("0");
        var waiters = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (published.Value is var seen && seen != $"{last}")
            {
                await published.WaitForChangeAsync(seen, CancellationToken.None);
            }
        })).ToArray();

        for (var i = 1; i <= last; i++)
        {
            published.Publish($"{i}");
        }

        await Task.WhenAll(waiters).WaitAsync(TestTimeouts.Default);
    }
}
