using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>
/// The tries of one request, one after the other: from the first, where that needs a watch of its own, or from the moment at which
/// the first turns out to be worth another. Each is sent as a copy and picks its endpoint anew, from the newest view. Once a response is with the
/// caller nothing is tried again.
/// </summary>
internal sealed class AttemptRun
{
    private readonly EndpointStage _stage;
    private readonly RequestTries _tries;
    private int _retriesSincePushback;

    /// <param name="stage">Sends tries.</param>
    /// <param name="environment">What all share.</param>
    /// <param name="routed">The request.</param>
    /// <param name="rules">What its route says of its tries.</param>
    public AttemptRun(EndpointStage stage, AttemptEnvironment environment, in RoutedRequest routed, AttemptRules rules)
    {
        _stage = stage;
        _tries = new RequestTries(environment, in routed, rules);
    }

    /// <summary>Begins with the first try.</summary>
    public Task<HttpResponseMessage> RunAsync(CancellationToken cancellationToken) => RunAsync(ended: null, cancellationToken);

    /// <summary>Goes on after the first try.</summary>
    public Task<HttpResponseMessage> GoOnAsync(RequestTry first, CancellationToken cancellationToken) => RunAsync(first, cancellationToken);

    private async Task<HttpResponseMessage> RunAsync(RequestTry? ended, CancellationToken cancellationToken)
    {
        var isRetry = false;
        try
        {
            var number = ended?.Number ?? 0;
            while (true)
            {
                // 1. A try.
                if (ended is null)
                {
                    ended = _tries.Next(++number, hasCompany: false, cancellationToken);
                    var response = await _tries.SendAsync(_stage, ended, cancellationToken).ConfigureAwait(false);
                    if (ended.IsRoutedAnew)
                    {
                        return response;
                    }
                }

                // 2. What becomes of it.
                _tries.EndRetry(isRetry);
                isRetry = false;
                await _tries.PrepareAsync(ended, cancellationToken).ConfigureAwait(false);
                var verdict = _tries.Judge(ended, out var pushback);
                _tries.Explain(ended, verdict);
                if (verdict != RetryVerdict.Retry)
                {
                    return await _tries.FinishAsync(ended, verdict).ConfigureAwait(false);
                }

                // 3. A while.
                isRetry = true;
                _retriesSincePushback = pushback is null ? _retriesSincePushback + 1 : 0;
                var backoff = pushback ?? _tries.Backoff(ended, _retriesSincePushback);
                ended.Response?.Dispose();
                ended = null;
                if (backoff > TimeSpan.Zero)
                {
                    await Task.Delay(backoff, _tries.TimeProvider, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_tries.IsTimeOver)
        {
            return await _tries.TimeOutAsync().ConfigureAwait(false);
        }
        finally
        {
            _tries.End(isAnswered: ended?.Response is not null);
            _tries.EndRetry(isRetry);
        }
    }
}
