using System.Globalization;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Resilience;

/// <summary>How long to wait before another try. Stateless.</summary>
internal static class RetryBackoff
{
    private const double GrpcJitter = 0.2;
    private const int MaxDoublings = 60;

    /// <summary>As Envoy waits: anything from nothing to (2^n - 1) times the base, and never as long as the maximum.</summary>
    /// <param name="policy">Base and maximum.</param>
    /// <param name="retry">1 for the first try after the first.</param>
    /// <param name="random">For the jitter.</param>
    public static TimeSpan Envoy(RetryPolicyConfig policy, int retry, IRandomSource random)
        => Limited(policy, Math.Pow(2, Math.Min(retry, MaxDoublings)) - 1) * random.NextDouble();

    /// <summary>As gRPC waits: base times 2^(n - 1), at most the maximum, a fifth more or less (gRFC A6).</summary>
    /// <inheritdoc cref="Envoy"/>
    public static TimeSpan Grpc(RetryPolicyConfig policy, int retry, IRandomSource random)
        => Limited(policy, Math.Pow(2, Math.Min(retry - 1, MaxDoublings))) * (1 - GrpcJitter + (2 * GrpcJitter * random.NextDouble()));

    /// <summary>As a response asks for (<c>rate_limited_retry_back_off</c>): that long, and up to half as much more so that not all come back at once.</summary>
    /// <returns><see langword="null"/> when it asks for nothing that could be believed.</returns>
    public static TimeSpan? AskedFor(RateLimitedBackoffConfig config, HttpResponseMessage response, DateTimeOffset now, IRandomSource random)
    {
        foreach (var header in config.ResetHeaders)
        {
            if (!response.Headers.NonValidated.TryGetValues(header.Name, out var values)
                || values.Count != 1
                || !long.TryParse(values.ToString().AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                continue;
            }

            seconds -= header.IsUnixTime ? now.ToUnixTimeSeconds() : 0;
            if (seconds >= (header.IsUnixTime ? 1 : 0) && seconds <= config.Max.TotalSeconds)
            {
                return TimeSpan.FromSeconds(seconds) * (1 + (random.NextDouble() / 2));
            }
        }

        return null;
    }

    private static TimeSpan Limited(RetryPolicyConfig policy, double times)
        => times >= policy.BackoffMax / policy.BackoffBase ? policy.BackoffMax : policy.BackoffBase * times;
}
