using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>Makes the tries of one request and judges them, whether they come one after the other or several at once.</summary>
internal sealed class RequestTries
{
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(1);

    private readonly AttemptEnvironment _environment;
    private readonly RoutedRequest _routed;
    private readonly AttemptRules _rules;
    private readonly RetryTargets _targets;
    private readonly ReplayBody? _body;
    private readonly bool _isEligible;
    private readonly TimeSpan? _tryLimit;
    private readonly TimeSpan? _tryIdle;
    private uint _retries;

    /// <summary>Whether it is for the mesh to try again, and not for a handler outside of it; <see langword="null"/> until that matters.</summary>
    private bool? _isOurs;

    /// <param name="environment">What all share.</param>
    /// <param name="routed">The request.</param>
    /// <param name="rules">What its route says of its tries.</param>
    public RequestTries(AttemptEnvironment environment, in RoutedRequest routed, AttemptRules rules)
    {
        _environment = environment;
        _routed = routed;
        _rules = rules;
        _targets = new RetryTargets(rules.Retry);
        _body = routed.Original.Content is { } content && rules.MayRepeat ? new ReplayBody(content, rules.BufferLimit, isShared: rules.WatchesTries) : null;
        IsGrpc = GrpcMessage.IsGrpc(routed.Original);
        _isEligible = RetryDecision.IsEligible(rules.Retry, new RequestHeaders(routed.Original, routed.Host));

        // One that is no shorter than the request's own time says nothing.
        _tryLimit = Shorter(rules.Retry.PerTryTimeout, routed.Deadline);
        _tryIdle = Shorter(rules.Retry.PerTryIdleTimeout, routed.Deadline);
    }

    public TimeProvider TimeProvider => _environment.TimeProvider;

    public bool IsGrpc { get; }

    /// <summary>Whether the request's time is over.</summary>
    public bool IsTimeOver => _routed.Deadline is { IsExpired: true };

    /// <summary>The time of one try.</summary>
    public TimeSpan? TryLimit => _tryLimit;

    /// <summary>What is left of the request's time: all of it while its body is still on its way.</summary>
    private TimeSpan Remaining => _routed.Deadline is { Shortest: { } whole } deadline ? (deadline.Remaining < whole ? deadline.Remaining : whole) : TimeSpan.MaxValue;

    /// <summary>Whether it can be sent once more.</summary>
    private bool CanReplay => _body?.CanReplay != false;

    private bool IsGrpcRead => IsGrpc && _environment.IsGrpcDialect;

    /// <summary>Makes the next try.</summary>
    /// <param name="number">1 for the first.</param>
    /// <param name="hasCompany">Whether it may be cancelled because another was faster.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    public RequestTry Next(int number, bool hasCompany, CancellationToken cancellationToken)
    {
        var cancellation = hasCompany ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken) : null;
        var token = cancellation?.Token ?? cancellationToken;
        var waitsOn = _rules.Hedge is { OnPerTryTimeout: true };
        var limit = waitsOn ? null : _tryLimit;
        var isIdle = _tryIdle is not null && !(limit <= _tryIdle);
        var clock = (isIdle ? _tryIdle : limit) is { } time ? _environment.Deadlines.Begin(stream: null, time, idle: null, isKept: false, token) : null;
        var result = new RequestTry(number)
        {
            Message = OutgoingRequest.Copy(_routed.Outgoing),
            Clock = clock,
            Deadline = _routed.Deadline,
            IsIdleClock = isIdle,
            Targets = _targets,
            Cancellation = cancellation,
        };
        AddBody(result);
        AddHeaders(result);
        return result;
    }

    /// <summary>Sends a try; how it ended is written into it.</summary>
    /// <returns>A response that is not of this try: see <see cref="RequestTry.IsRoutedAnew"/>.</returns>
    public async Task<HttpResponseMessage> SendAsync(EndpointStage stage, RequestTry next, CancellationToken cancellationToken)
    {
        var hop = _routed.Hop with { ExpectedTimeout = ExpectedTimeout(next.Number), Attempt = next.Number };
        try
        {
            return await stage.SendTryAsync(_routed.WithTry(next, hop), next.Clock?.Token ?? next.Cancellation?.Token ?? cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            next.Clock?.End(isUnused: false);
        }
    }

    /// <summary>Makes sure that there is a body for another try, where there may be one.</summary>
    public ValueTask PrepareAsync(RequestTry ended, CancellationToken cancellationToken)
        => ended.IsRetriable && _isEligible && _body is { } body ? body.PrepareAsync(cancellationToken) : ValueTask.CompletedTask;

    /// <summary>Judges how a try ended. After <see cref="RetryVerdict.Retry"/> there is one more retry under way.</summary>
    /// <param name="ended">The try.</param>
    /// <param name="pushback">How long the server asks to wait; <see langword="null"/> for what the policy says.</param>
    public RetryVerdict Judge(RequestTry ended, out TimeSpan? pushback)
    {
        pushback = null;
        if (ended.Targets is null)
        {
            _targets.Add(ended.Endpoint); // it was sent before there was a run
        }

        if (!ended.IsRetriable || !_isEligible || !CanReplay)
        {
            return RetryVerdict.Done;
        }

        if (IsGrpcRead && RetryPushback.Of(ended.Response) is var asked)
        {
            if (asked.Stops)
            {
                return RetryVerdict.Done;
            }

            pushback = asked.After;
        }

        var verdict = TakeRetry();
        if (verdict == RetryVerdict.Done)
        {
            return verdict;
        }

        _environment.Metrics.OnRetry(_routed.Cluster.Name, ReasonOf(ended), verdict switch
        {
            RetryVerdict.Retry => "retried",
            RetryVerdict.LimitExceeded => "limit_exceeded",
            _ => "overflow",
        });
        return verdict;
    }

    /// <summary>One more retry, if there may be: by the policy's number, and by the cluster's room.</summary>
    public RetryVerdict TakeRetry()
    {
        _isOurs ??= RetryClaim.TryTake(_routed.Original);
        if (_isOurs == false)
        {
            return RetryVerdict.Done;
        }

        if (_retries >= _rules.Retry.MaxRetries)
        {
            return RetryVerdict.LimitExceeded;
        }

        var limit = _routed.Cluster.View.Config?.Retries ?? RetryLimitConfig.None;
        var room = limit.Budget is null && limit.MaxRetries is null ? uint.MaxValue : RetryBudget.Limit(limit, limit.Budget is null ? 0 : _routed.Cluster.ActiveRequests);
        if (!_routed.Cluster.TryBeginRetry(room))
        {
            return RetryVerdict.Overflow;
        }

        _retries++;
        return RetryVerdict.Retry;
    }

    /// <summary>A retry is over.</summary>
    public void EndRetry(bool isRetry)
    {
        if (isRetry)
        {
            _routed.Cluster.EndRetry();
        }
    }

    /// <summary>How long to wait before the next try.</summary>
    public TimeSpan Backoff(RequestTry ended, int retry)
    {
        if (_rules.Retry.RateLimitedBackoff is { } asked
            && ended.Response is { } response
            && RetryBackoff.AskedFor(asked, response, TimeProvider.GetUtcNow(), _environment.Random) is { } wait)
        {
            return wait;
        }

        return _environment.IsGrpcDialect ? RetryBackoff.Grpc(_rules.Retry, retry, _environment.Random) : RetryBackoff.Envoy(_rules.Retry, retry, _environment.Random);
    }

    public void Explain(RequestTry ended, RetryVerdict verdict)
        => _routed.Explanation?.OnAttempt(ended.Number, ended.Endpoint?.Address.ToString() ?? "no endpoint", ended.Failure?.Details ?? ExplanationNotes.StatusOf(ended.Response!), verdict switch
        {
            RetryVerdict.Retry => "tried again",
            RetryVerdict.LimitExceeded => $"not tried again: num_retries is {_rules.Retry.MaxRetries}",
            RetryVerdict.Overflow => "not tried again: as many retries as the cluster allows are under way",
            _ when !ended.IsRetriable => "handed to the caller",
            _ when !_isEligible => "not tried again: the request has none of retriable_request_headers",
            _ when _isOurs == false => "not tried again: somebody outside the mesh does that",
            _ when !CanReplay => "not tried again: the body cannot be sent once more",
            _ => "not tried again: the server asks for that",
        });

    /// <summary>Hands what came of the last try to the caller.</summary>
    public Task<HttpResponseMessage> FinishAsync(RequestTry ended, RetryVerdict verdict)
    {
        var flag = verdict switch
        {
            RetryVerdict.LimitExceeded => ResponseFlags.UpstreamRetryLimitExceeded,
            RetryVerdict.Overflow => ResponseFlags.UpstreamOverflow,
            _ => "",
        };
        if (ended.Failure is { } failure)
        {
            return _environment.Pipeline.FailAsync(_routed.Caller, flag.Length == 0 ? failure : failure with { Flags = failure.Flags.Length == 0 ? flag : $"{flag},{failure.Flags}" });
        }

        _routed.Explanation?.OnEnd(flag, ResponseDetails.ViaUpstream);
        return Task.FromResult(ended.Response!); // it ended with a failure or with a response
    }

    /// <summary>The request's time is over.</summary>
    public Task<HttpResponseMessage> TimeOutAsync()
        => _environment.Pipeline.FailAsync(_routed.Caller, MeshFailure.Timeout(_routed.Deadline!, _routed.Route, " before a response")); // it has one: it is over

    /// <summary>There are no more tries.</summary>
    /// <param name="isAnswered">Whether there is a response: then the body may still be on its way.</param>
    public void End(bool isAnswered)
    {
        if (isAnswered)
        {
            _body?.Commit();
        }
        else
        {
            _body?.End();
        }
    }

    /// <summary>One of several at once was not needed any more.</summary>
    public void OnLost(RequestTry lost)
    {
        _environment.Metrics.OnRetry(_routed.Cluster.Name, "hedge", "lost");
        _routed.Explanation?.OnAttempt(lost.Number, lost.Endpoint?.Address.ToString() ?? "no endpoint", "still under way", "cancelled: another attempt was faster");
    }

    private static TimeSpan? Shorter(TimeSpan? limit, RequestDeadline? deadline)
        => limit > TimeSpan.Zero && !(deadline?.Shortest <= limit) ? limit : null;

    private static string ReasonOf(RequestTry ended) => ended switch
    {
        { Reset: not TryReset.None } => ended.Reset switch
        {
            TryReset.ConnectFailure => "connect-failure",
            TryReset.Refused => "refused-stream",
            TryReset.ProtocolError => "protocol-error",
            TryReset.Timeout => "per-try-timeout",
            TryReset.IdleTimeout => "per-try-idle-timeout",
            _ => "reset",
        },
        { Response: { } response } => response.Headers.NonValidated.TryGetValues("grpc-status", out var status)
            ? $"grpc-status {status}"
            : ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture),
        _ => ended.Failure?.Details ?? "",
    };

    private void AddBody(RequestTry next)
    {
        if (_routed.Original.Content is not { } content || next.Message is not { } message)
        {
            next.OnSent();
            return;
        }

        var body = _body?.Open() ?? content;
        if (ForwardedContent.IsAtHand(content))
        {
            message.Content = body;
            next.OnSent();
        }
        else
        {
            message.Content = next.Clock is not null || _routed.Deadline is { AwaitsSent: true } ? new ForwardedContent(body, next) : body;
        }
    }

    /// <summary>What a gRPC server is told of a try: how many went before, and how much of the call's time is left.</summary>
    private void AddHeaders(RequestTry next)
    {
        if (!IsGrpc || next.Number == 1 || next.Message is not { } message)
        {
            return;
        }

        message.Headers.Remove("grpc-previous-rpc-attempts");
        message.Headers.TryAddWithoutValidation("grpc-previous-rpc-attempts", (next.Number - 1).ToString(CultureInfo.InvariantCulture));
        if (message.Headers.NonValidated.TryGetValues("grpc-timeout", out var values) && RequestTimeout.TryParse(values.ToString(), out var own))
        {
            var left = own - TimeProvider.GetElapsedTime(_routed.Start);
            left = Remaining < left ? Remaining : left;
            message.Headers.Remove("grpc-timeout");
            message.Headers.TryAddWithoutValidation("grpc-timeout", RequestTimeout.Format(left > MinTimeout ? left : MinTimeout));
        }
    }

    /// <summary>What the next hop is told: the time of the try, where it has one and does not go on beside the next, or what is left of the request's.</summary>
    private string? ExpectedTimeout(int number)
    {
        var limit = _rules.Hedge is { OnPerTryTimeout: true } ? null : _tryLimit;
        if (limit is null && (number == 1 || _routed.Hop.ExpectedTimeout is null))
        {
            return _routed.Hop.ExpectedTimeout;
        }

        var left = Remaining;
        var expected = limit < left ? limit.Value : left;
        return expected == TimeSpan.MaxValue
            ? _routed.Hop.ExpectedTimeout
            : Math.Max((long)expected.TotalMilliseconds, 1).ToString(CultureInfo.InvariantCulture);
    }
}
