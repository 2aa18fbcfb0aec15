using System.Globalization;
using System.Text;
using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>Asks the service about one request, and does what it answers.</summary>
/// <param name="filter">The filter.</param>
/// <param name="descriptors">What the request is counted as.</param>
internal sealed class RateLimitAction(GlobalRateLimitFilter filter, List<RateLimitDescriptor> descriptors) : FilterAction
{
    private const string Refused = "x-envoy-ratelimited";
    private const string ContentType = "content-type";

    /// <summary>Where a service's metadata goes, whatever the filter is called.</summary>
    private const string MetadataNamespace = "envoy.filters.http.ratelimit";

    public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
    {
        var (config, environment) = (filter.Config, filter.Environment);
        var metricsName = config.StatPrefix.Length > 0 ? config.StatPrefix : filter.Domain;
        var answer = await filter.AskAsync(descriptors, cancellationToken).ConfigureAwait(false);
        switch (answer.Verdict)
        {
            case RateLimitVerdict.Error when RateLimitDraw.Takes(config.DeniedOnFailure, environment.Random):
                environment.RateLimits.Metrics.OnGlobal(metricsName, TelemetryNames.RateLimitError);
                request.Explanation?.OnFilter(filter.Name, $"no answer, refused ({ResponseFlags.RateLimitServiceError}): {answer.Error}");
                request.Explanation?.OnEnd(ResponseFlags.RateLimitServiceError, ResponseDetails.RateLimiterError);
                return LocalResponse.Create(request.Message, config.StatusOnError);

            case RateLimitVerdict.Error:
                environment.RateLimits.Metrics.OnGlobal(metricsName, TelemetryNames.RateLimitErrorAllowed);
                request.Explanation?.OnFilter(filter.Name, $"no answer, let through: {answer.Error}");
                return await next(request.Message, cancellationToken).ConfigureAwait(false);

            case RateLimitVerdict.OverLimit when RateLimitDraw.Takes(config.Enforced, environment.Random):
                environment.RateLimits.Metrics.OnGlobal(metricsName, TelemetryNames.RateLimitOver);
                request.Explanation?.OnFilter(filter.Name, $"over its limit: refused ({ResponseFlags.RateLimited})");
                request.Explanation?.OnEnd(ResponseFlags.RateLimited, ResponseDetails.RateLimited);
                return Refuse(in request, answer);

            case var verdict:
                environment.RateLimits.Metrics.OnGlobal(metricsName, verdict == RateLimitVerdict.OverLimit ? TelemetryNames.RateLimitUnenforced : TelemetryNames.RateLimitOk);
                request.Explanation?.OnFilter(filter.Name, verdict == RateLimitVerdict.OverLimit ? "over its limit, not enforced" : "within its limits");
                return await PassAsync(request, answer, next, cancellationToken).ConfigureAwait(false);
        }
    }

    private HttpResponseMessage Refuse(in FilterRequest request, RateLimitAnswer answer)
    {
        var config = filter.Config;
        var response = RateLimitHeaders.Refuse(in request, config.Status, answer.Body, config.ResponseHeaders, config.IsResourceExhausted, filter.Environment.TimeProvider);
        if (config.TellsRefusal)
        {
            response.Headers.TryAddWithoutValidation(Refused, "true");
        }

        AddHeaders(answer, response, isOwnAnswer: true);
        return response;
    }

    private async Task<HttpResponseMessage> PassAsync(FilterRequest request, RateLimitAnswer answer, FilterNext next, CancellationToken cancellationToken)
    {
        var message = request.Message;
        if (!answer.RequestHeaders.IsEmpty || answer.Metadata is not null)
        {
            message = OutgoingRequest.Copy(message, request.Path);
            var headers = new RequestHeaderMap(message, request.Host);
            foreach (var (name, value) in answer.RequestHeaders)
            {
                headers.Add(name, value);
            }

            if (answer.Metadata is { } values)
            {
                var metadata = RequestMetadata.For(message);
                foreach (var (key, value) in values)
                {
                    metadata.Set(MetadataNamespace, key, value?.DeepClone());
                }
            }
        }

        var response = await next(message, cancellationToken).ConfigureAwait(false);
        AddHeaders(answer, response, isOwnAnswer: false);
        return response;
    }

    private void AddHeaders(RateLimitAnswer answer, HttpResponseMessage response, bool isOwnAnswer)
    {
        var headers = new ResponseHeaderMap(response);
        foreach (var (name, value) in answer.ResponseHeaders)
        {
            if (name != ContentType || !isOwnAnswer)
            {
                headers.Add(name, value);
            }
            else if (!GrpcMessage.IsGrpc(response.RequestMessage!)) // an own answer has one
            {
                headers.Set(name, value); // the service knows what its body is
            }
        }

        if (filter.Config.TellsLimits)
        {
            TellLimits(answer, response);
        }
    }

    /// <summary>Tells of the limit that is nearest, and of them all as the policy (draft-polli-ratelimit-headers-03).</summary>
    private static void TellLimits(RateLimitAnswer answer, HttpResponseMessage response)
    {
        RateLimitStatus? nearest = null;
        var policy = new StringBuilder();
        foreach (var status in answer.Statuses)
        {
            if (status.RequestsPerUnit is not { } limit)
            {
                continue;
            }

            nearest = nearest is null || status.Remaining < nearest.Remaining ? status : nearest;
            if (SecondsOf(status.Unit) is { } window)
            {
                policy.Append(CultureInfo.InvariantCulture, $", {limit};w={window}");
                if (status.Name.Length > 0)
                {
                    policy.Append(CultureInfo.InvariantCulture, $";name=\"{status.Name}\"");
                }
            }
        }

        if (nearest is not null)
        {
            var limit = string.Create(CultureInfo.InvariantCulture, $"{nearest.RequestsPerUnit}{policy}");
            RateLimitHeaders.Add(response, limit, nearest.Remaining, TimeSpan.FromSeconds(Math.Floor(nearest.UntilReset.TotalSeconds)));
        }
    }

    private static int? SecondsOf(RateLimitUnit unit) => unit switch
    {
        RateLimitUnit.Second => 1,
        RateLimitUnit.Minute => 60,
        RateLimitUnit.Hour => 3600,
        RateLimitUnit.Day => 86_400,
        RateLimitUnit.Month => 86_400 * 30,
        RateLimitUnit.Year => 86_400 * 365,
        _ => null,
    };
}
