using System.Collections.Concurrent;
using Grpc.Net.Client;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Requests without pause, HTTP and gRPC, while something happens; counts who answered and what failed.</summary>
public sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Exception> _failures = new();
    private readonly List<Task> _workers = [];
    private int _total;

    public int Total => Volatile.Read(ref _total);

    public IReadOnlyCollection<Exception> Failures => _failures;

    public int AnswersOf(string backend) => _answers.GetValueOrDefault(backend);

    /// <summary>Keeps workers sending GETs.</summary>
    public Load Http(HttpClient client, Uri uri, int workers = 4)
    {
        for (var i = 0; i < workers; i++)
        {
            _workers.Add(RunAsync(async () =>
            {
                using var response = await client.GetAsync(uri);
                response.EnsureSuccessStatusCode();
                return response.Headers.GetValues("x-backend").Single();
            }));
        }

        return this;
    }

    /// <summary>Keeps workers making unary calls.</summary>
    public Load Grpc(GrpcChannel channel, int workers = 4)
    {
        var client = new EchoService.EchoServiceClient(channel);
        for (var i = 0; i < workers; i++)
        {
            _workers.Add(RunAsync(async () => (await client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default)).Backend));
        }

        return this;
    }

    /// <summary>Waits until so many more requests were answered.</summary>
    public Task MoreAsync(int requests)
    {
        var goal = Total + requests;
        return Until.TrueAsync(() => Total >= goal, $"{requests} more requests");
    }

    /// <summary>Waits until a backend has answered so many more.</summary>
    public Task MoreFromAsync(string backend, int requests)
    {
        var goal = AnswersOf(backend) + requests;
        return Until.TrueAsync(() => AnswersOf(backend) >= goal, $"{requests} more requests answered by {backend}");
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_workers).WaitAsync(TestTimeouts.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<Task<string>> send)
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var backend = await send();
                _answers.AddOrUpdate(backend, 1, static (_, count) => count + 1);
            }
            catch (Exception exception)
            {
                _failures.Enqueue(exception);
            }

            Interlocked.Increment(ref _total);
        }
    }
}
