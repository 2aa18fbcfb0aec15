using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Http;

namespace ProxylessMesh.Tests.Http;

/// <summary>What a request pays for explanations that nobody asked for.</summary>
public sealed class RequestExplainerTests
{
    [Fact]
    public void TryStart_NobodyAsks_AllocatesNothing()
    {
        using var loggers = LoggerFactory.Create(static logging => logging.AddProvider(NullLoggerProvider.Instance).SetMinimumLevel(LogLevel.Information));
        var explainer = new RequestExplainer(loggers.CreateLogger<MeshExplanation>());
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        var authority = new MeshAuthority("orders", listener: null!); // is not asked for
        Assert.Null(explainer.TryStart(request, authority));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            explainer.TryStart(request, authority);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task TryStart_SomebodyElseAsks_IsNotExplained()
    {
        var explainer = new RequestExplainer(NullLogger<MeshExplanation>.Instance);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        var isOpen = new TaskCompletionSource();
        var isDone = new TaskCompletionSource();
        var other = Task.Run(async () =>
        {
            using var capture = MeshExplanation.Capture();
            isOpen.SetResult();
            await isDone.Task;
            return capture.Requests.Count;
        });
        await isOpen.Task;

        Assert.Null(explainer.TryStart(request, new MeshAuthority("orders", listener: null!))); // is not asked for
        isDone.SetResult();
        Assert.Equal(0, await other);
    }
}
