using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>Refuses requests for which there is no token (Envoy's local rate limit). Counted in this process alone: ten processes let ten times as many through.</summary>
internal sealed class LocalRateLimitFilter : HttpFilter
{
    private readonly string _name;
    private readonly LocalRateLimitConfig _config;
    private readonly FilterEnvironment _environment;
    private readonly LocalLimiter _limiter;

    private LocalRateLimitFilter(string name, LocalRateLimitConfig config, FilterEnvironment environment)
    {
        _name = name;
        _config = config;
        _environment = environment;
        _limiter = new LocalLimiter(config, environment.RateLimits.Origin, environment.TimeProvider);
    }

    /// <returns><see langword="null"/> where it limits nothing.</returns>
    public static LocalRateLimitFilter? Create(FilterSetup setup, FilterEnvironment environment)
        => setup.Find<LocalRateLimitConfig>() is { Enabled.Numerator: > 0 } config && (config.Bucket is not null || !config.Descriptors.IsEmpty)
            ? new LocalRateLimitFilter(setup.Filter.Name, config, environment)
            : null;

    public override FilterAction? Begin(in FilterRequest request)
    {
        if (!RateLimitDraw.Takes(_config.Enabled, _environment.Random))
        {
            return null;
        }

        var isWithin = _limiter.TryTake(in request, out var bucket);
        if (isWithin || !RateLimitDraw.Takes(_config.Enforced, _environment.Random))
        {
            _environment.RateLimits.Metrics.OnLocal(_config.StatPrefix, isWithin ? TelemetryNames.RateLimitOk : TelemetryNames.RateLimitUnenforced);
            var changesRequest = !isWithin && _config.UnenforcedRequestHeaders.HasRequest;
            return changesRequest || (_config.TellsLimits && bucket is not null)
                ? new PassAction(this, _config.TellsLimits ? bucket : null, changesRequest)
                : null;
        }

        _environment.RateLimits.Metrics.OnLocal(_config.StatPrefix, TelemetryNames.RateLimitOver);
        return new RefuseAction(this, _config.TellsLimits ? bucket : null);
    }

    /// <summary>Tells of the limit (draft-polli-ratelimit-headers-03). The time is in whole seconds, as many as it takes.</summary>
    private static void Tell(TokenBucket? bucket, HttpResponseMessage response)
    {
        if (bucket is not null)
        {
            RateLimitHeaders.Add(response, bucket.MaxTokens.ToString(CultureInfo.InvariantCulture), bucket.Remaining, bucket.UntilNext);
        }
    }

    private sealed class PassAction(LocalRateLimitFilter filter, TokenBucket? bucket, bool changesRequest) : FilterAction
    {
        public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            var message = request.Message;
            if (changesRequest)
            {
                message = OutgoingRequest.Copy(message, request.Path);
                var headers = new RequestHeaderMap(message, request.Host);
                HeaderMutations.Build(mostSpecificWins: false, filter._config.UnenforcedRequestHeaders).ApplyToRequest(headers, RateLimitHeaders.Context(in request, headers, filter._environment.TimeProvider));
                request.Explanation?.OnFilter(filter._name, "no token, not enforced");
            }

            var response = await next(message, cancellationToken).ConfigureAwait(false);
            Tell(bucket, response);
            return response;
        }
    }

    private sealed class RefuseAction(LocalRateLimitFilter filter, TokenBucket? bucket) : FilterAction
    {
        private const string Body = "local_rate_limited";

        public override Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            var config = filter._config;
            request.Explanation?.OnFilter(filter._name, $"no token: refused ({ResponseFlags.RateLimited})");
            request.Explanation?.OnEnd(ResponseFlags.RateLimited, ResponseDetails.LocalRateLimited);
            var response = RateLimitHeaders.Refuse(in request, config.Status, Body, config.ResponseHeaders, config.IsResourceExhausted, filter._environment.TimeProvider);
            Tell(bucket, response);
            return Task.FromResult(response);
        }
    }
}
