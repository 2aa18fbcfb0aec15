using ProxylessMesh.Configuration;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>
/// Several tries of one request at once (<c>hedge_policy</c>): more than one from the beginning, or another beside one whose time is over. The first
/// response that the policy would not try again is the caller's; the others are cancelled. A try that is not accepted while others are under way is only
/// dropped, and the last one of all is the caller's whatever it is.
/// </summary>
internal sealed class HedgedRun
{
    private readonly EndpointStage _stage;
    private readonly RequestTries _tries;
    private readonly HedgePolicyConfig _hedge;
    private readonly IRandomSource _random;
    private readonly List<UnderWay> _underWay = [];
    private int _number;
    private int _retries;

    /// <param name="stage">Sends tries.</param>
    /// <param name="environment">What all share.</param>
    /// <param name="routed">The request.</param>
    /// <param name="rules">What its route says of its tries.</param>
    /// <param name="hedge">When there are several.</param>
    public HedgedRun(EndpointStage stage, AttemptEnvironment environment, in RoutedRequest routed, AttemptRules rules, HedgePolicyConfig hedge)
    {
        _stage = stage;
        _hedge = hedge;
        _random = environment.Random;
        _tries = new RequestTries(environment, in routed, rules);
    }

    public async Task<HttpResponseMessage> RunAsync(CancellationToken cancellationToken)
    {
        var isAnswered = false;
        try
        {
            var chance = _hedge.AdditionalRequestChance;
            var first = _hedge.InitialRequests + (chance.Numerator > 0 && _random.Next(chance.Denominator) < chance.Numerator ? 1 : 0);
            for (var i = 0; i < first; i++)
            {
                Start(TimeSpan.Zero, isRetry: false, cancellationToken);
            }

            while (true)
            {
                var ended = await NextAsync(cancellationToken).ConfigureAwait(false);
                if (ended is null)
                {
                    continue; // the time of a try is over: there is another beside it
                }

                if (ended.Try.IsRoutedAnew)
                {
                    return await ended.Sending.ConfigureAwait(false);
                }

                // An end that is not worth another try is the caller's, and so is the last one.
                var verdict = ended.IsReplaced ? RetryVerdict.Done : _tries.Judge(ended.Try, out _);
                if (verdict == RetryVerdict.Retry)
                {
                    ended.Try.Response?.Dispose();
                    Start(_tries.Backoff(ended.Try, ++_retries), isRetry: true, cancellationToken);
                }
                else if (!ended.Try.IsRetriable || _underWay.Count == 0)
                {
                    _tries.Explain(ended.Try, verdict);
                    isAnswered = ended.Try.Response is not null;
                    return await _tries.FinishAsync(ended.Try, verdict).ConfigureAwait(false);
                }
                else
                {
                    ended.Try.Response?.Dispose();
                }

                _tries.Explain(ended.Try, verdict);
            }
        }
        catch (OperationCanceledException) when (_tries.IsTimeOver)
        {
            return await _tries.TimeOutAsync().ConfigureAwait(false);
        }
        finally
        {
            _tries.End(isAnswered);
            CancelOthers();
        }
    }

    private void Start(TimeSpan delay, bool isRetry, CancellationToken cancellationToken)
    {
        var next = _tries.Next(++_number, hasCompany: true, cancellationToken);
        var token = next.Cancellation!.Token; // it has company
        var isWatched = _hedge.OnPerTryTimeout && _tries.TryLimit is not null;
        _underWay.Add(new UnderWay
        {
            Try = next,
            IsRetry = isRetry,
            Sending = SendAsync(next, delay, token),
            Watch = isWatched ? Task.Delay(delay + _tries.TryLimit!.Value, _tries.TimeProvider, token) : Task.FromCanceled(new CancellationToken(canceled: true)), // watched: it has a limit
            IsWatched = isWatched,
        });
    }

    private async Task<HttpResponseMessage> SendAsync(RequestTry next, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, _tries.TimeProvider, cancellationToken).ConfigureAwait(false);
        }

        return await _tries.SendAsync(_stage, next, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a try has ended, or the time of one is over.</summary>
    /// <returns>The one that has ended, or <see langword="null"/>.</returns>
    private async Task<UnderWay?> NextAsync(CancellationToken cancellationToken)
    {
        var watches = _underWay.Where(static one => one.IsWatched).Select(static one => one.Watch);
        var any = await Task.WhenAny(_underWay.Select(static one => (Task)one.Sending).Concat(watches)).ConfigureAwait(false);
        var ended = _underWay.Find(one => ReferenceEquals(one.Sending, any));
        if (ended is null)
        {
            var late = _underWay.Find(one => ReferenceEquals(one.Watch, any))!; // it is one or the other
            late.IsWatched = false;
            cancellationToken.ThrowIfCancellationRequested();
            if (_tries.TakeRetry() == RetryVerdict.Retry)
            {
                // It goes on, beside the one that takes its place.
                late.IsReplaced = true;
                Start(_tries.Backoff(late.Try, ++_retries), isRetry: true, cancellationToken);
            }

            return null;
        }

        _underWay.Remove(ended);
        ended.Try.Cancellation?.Dispose();
        _tries.EndRetry(ended.IsRetry);
        await ended.Sending.ConfigureAwait(false); // it throws what is nobody's doing but the caller's
        return ended;
    }

    /// <summary>Those that lost: nobody waits for them, and what still comes of them is thrown away.</summary>
    private void CancelOthers()
    {
        foreach (var other in _underWay)
        {
            _tries.OnLost(other.Try);
            _ = DropAsync(other);
        }

        _underWay.Clear();
    }

    private async Task DropAsync(UnderWay other)
    {
        try
        {
            await other.Try.Cancellation!.CancelAsync().ConfigureAwait(false); // it has company
            (await other.Sending.ConfigureAwait(false))?.Dispose();
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // It was cancelled, or came to nothing by itself: either way nobody asks for it any more.
        }
        finally
        {
            other.Try.Cancellation?.Dispose();
            _tries.EndRetry(other.IsRetry);
        }
    }

    private sealed class UnderWay
    {
        public required RequestTry Try { get; init; }

        public required Task<HttpResponseMessage> Sending { get; init; }

        /// <summary>Completes when its time is over.</summary>
        public required Task Watch { get; init; }

        public required bool IsRetry { get; init; }

        /// <summary>Whether <see cref="Watch"/> is still waited for.</summary>
        public bool IsWatched { get; set; }

        /// <summary>Whether another was begun in its place already.</summary>
        public bool IsReplaced { get; set; }
    }
}
