using System.Globalization;

namespace ProxylessMesh.Resilience;

/// <summary>What a gRPC server says of another try (<c>grpc-retry-pushback-ms</c>, gRFC A6). Envoy does not look at it.</summary>
/// <param name="Stops">Whether there must be none.</param>
/// <param name="After">How long to wait for it; <see langword="null"/> when the server leaves that to the policy.</param>
internal readonly record struct RetryPushback(bool Stops, TimeSpan? After)
{
    private const string Name = "grpc-retry-pushback-ms";

    /// <summary>"negative or unparseable = no retry" - gRFC A6; several values are unparseable.</summary>
    public static RetryPushback Of(HttpResponseMessage? response)
    {
        if (response is null || !response.Headers.NonValidated.TryGetValues(Name, out var values))
        {
            return default;
        }

        return values.Count == 1 && int.TryParse(values.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds >= 0
            ? new RetryPushback(Stops: false, TimeSpan.FromMilliseconds(milliseconds))
            : new RetryPushback(Stops: true, After: null);
    }
}
