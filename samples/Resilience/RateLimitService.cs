using System.Collections.Concurrent;
using Envoy.Service.Ratelimit.V3;
using Grpc.Core;
using Code = Envoy.Service.Ratelimit.V3.RateLimitResponse.Types.Code;

namespace Resilience;

/// <summary>A small rate limit service as Envoy knows them: so many requests for each value of each descriptor, and no more.</summary>
internal sealed class RateLimitService : Envoy.Service.Ratelimit.V3.RateLimitService.RateLimitServiceBase
{
    public const int Limit = 15;

    private readonly ConcurrentDictionary<string, int> _hits = new(StringComparer.Ordinal);

    public override Task<RateLimitResponse> ShouldRateLimit(RateLimitRequest request, ServerCallContext context)
    {
        var response = new RateLimitResponse { OverallCode = Code.Ok };
        foreach (var descriptor in request.Descriptors)
        {
            var key = $"{request.Domain}|{string.Join('|', descriptor.Entries.Select(entry => $"{entry.Key}={entry.Value}"))}";
            var code = _hits.AddOrUpdate(key, 1, static (_, hits) => hits + 1) > Limit ? Code.OverLimit : Code.Ok;
            response.Statuses.Add(new RateLimitResponse.Types.DescriptorStatus { Code = code });
            response.OverallCode = code == Code.OverLimit ? code : response.OverallCode;
        }

        return Task.FromResult(response);
    }
}
