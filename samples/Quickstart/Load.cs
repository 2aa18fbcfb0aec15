using System.Threading.Channels;

namespace Quickstart;

/// <summary>Continuous requests from several workers, HTTP and gRPC; what they are answered is taken out in the order it came.</summary>
internal sealed class Load
{
    private const int WorkersPerCall = 4;

    /// <summary>So many answers in a row without one from elsewhere: at a weight of 10 %, chance does that once in 10^13 runs.</summary>
    private const int ProofOfMove = 300;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly Channel<Answer> _answers = Channel.CreateUnbounded<Answer>();
    private readonly Calls _calls;
    private readonly CancellationToken _limit;
    private readonly Task _workers;
    private volatile bool _isStopping;

    private Load(Calls calls, CancellationToken limit)
    {
        _calls = calls;
        _limit = limit;
        _workers = Task.WhenAll(Calls.All.SelectMany(call => Enumerable.Range(0, WorkersPerCall).Select(_ => WorkAsync(call))));
    }

    public static Load Start(Calls calls, CancellationToken limit) => new(calls, limit);

    /// <summary>The next answers, so many.</summary>
    public Task<Answers> TakeAsync(int count) => TakeUntilAsync(taken => taken.Count == count);

    /// <summary>The next answers until no other backend answers any more, neither HTTP nor gRPC.</summary>
    public Task<Answers> TakeUntilMovedAsync(params Backend[] backends)
    {
        var inARow = Calls.All.ToDictionary(call => call, _ => 0);
        return TakeUntilAsync(taken =>
        {
            var last = taken[^1];
            inARow[last.Call] = new Answers([last]).AreAllFrom(backends) ? inARow[last.Call] + 1 : 0;
            return inARow.Values.All(count => count >= ProofOfMove);
        });
    }

    /// <summary>What has come and was not taken yet.</summary>
    public Answers TakeArrived()
    {
        var taken = new List<Answer>();
        while (_answers.Reader.TryRead(out var answer))
        {
            taken.Add(answer);
        }

        return new Answers(taken);
    }

    /// <summary>Lets every request under way end; the rest of the answers.</summary>
    public async Task<Answers> StopAsync()
    {
        _isStopping = true;
        await _workers;
        return TakeArrived();
    }

    private async Task<Answers> TakeUntilAsync(Func<List<Answer>, bool> isEnough)
    {
        var taken = new List<Answer>();
        do
        {
            taken.Add(await _answers.Reader.ReadAsync(_limit));
        }
        while (!isEnough(taken));

        return new Answers(taken);
    }

    private async Task WorkAsync(string call)
    {
        while (!_isStopping)
        {
            _answers.Writer.TryWrite(await _calls.SendAsync(call, _limit));
            await Task.Delay(Pause, TimeProvider.System, _limit);
        }
    }
}
