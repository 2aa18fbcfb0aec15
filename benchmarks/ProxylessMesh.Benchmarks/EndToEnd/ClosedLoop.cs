using System.Diagnostics;

namespace ProxylessMesh.Benchmarks.EndToEnd;

/// <summary>Callers that each send the next request when the last was answered, and what that cost.</summary>
/// <param name="backend">The server, whose CPU time counts too.</param>
/// <param name="capacity">How many requests a round may have at most.</param>
internal sealed class ClosedLoop(BackendProcess backend, int capacity)
{
    private readonly long[] _elapsed = new long[capacity];
    private int _count;

    /// <param name="call">One request, to the end of its response's body.</param>
    /// <param name="concurrency">How many callers.</param>
    /// <param name="length">How long they go on.</param>
    public async Task<Sample> RunAsync(Func<Task> call, int concurrency, TimeSpan length)
    {
        // 1. What the last round left behind is not this one's cost.
        GC.Collect();
        _count = 0;
        using var self = Process.GetCurrentProcess();
        var cpu = self.TotalProcessorTime + backend.ProcessorTime;
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();

        // 2. The callers.
        var end = start + (long)(length.TotalSeconds * Stopwatch.Frequency);
        var callers = new Task[concurrency];
        for (var i = 0; i < callers.Length; i++)
        {
            callers[i] = Task.Run(() => CallUntilAsync(call, end));
        }

        await Task.WhenAll(callers);

        // 3. Per request.
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        self.Refresh();
        cpu = self.TotalProcessorTime + backend.ProcessorTime - cpu;
        var elapsed = _elapsed.AsSpan(0, _count);
        elapsed.Sort();
        return new Sample(
            Microseconds(elapsed[elapsed.Length / 2]),
            Microseconds(elapsed[elapsed.Length * 99 / 100]),
            _count / seconds,
            cpu.TotalMicroseconds / _count,
            (double)bytes / _count);
    }

    private static double Microseconds(long ticks) => Stopwatch.GetElapsedTime(0, ticks).TotalMicroseconds;

    private async Task CallUntilAsync(Func<Task> call, long end)
    {
        long now;
        do
        {
            var before = Stopwatch.GetTimestamp();
            await call();
            now = Stopwatch.GetTimestamp();
            _elapsed[Interlocked.Increment(ref _count) - 1] = now - before;
        }
        while (now < end);
    }
}

/// <summary>One round.</summary>
/// <param name="P50">Median latency in microseconds.</param>
/// <param name="P99">The latency that one request in a hundred exceeds, in microseconds.</param>
/// <param name="Rate">Requests per second.</param>
/// <param name="Cpu">CPU time of both processes per request, in microseconds.</param>
/// <param name="Bytes">Bytes allocated in the client per request.</param>
internal sealed record Sample(double P50, double P99, double Rate, double Cpu, double Bytes);
