namespace ProxylessMesh.Http;

/// <summary>
/// The request headers by which a caller of Envoy's could change what its route says of tries and time. The routes decide here, so that they are
/// neither obeyed nor handed on, as with an Envoy that does not trust its caller. Stateless.
/// </summary>
internal static class CallerHints
{
    private const string Prefix = "x-envoy-";

    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "x-envoy-retry-on",
        "x-envoy-retry-grpc-on",
        "x-envoy-max-retries",
        "x-envoy-retriable-status-codes",
        "x-envoy-retriable-header-names",
        "x-envoy-hedge-on-per-try-timeout",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-upstream-rq-timeout-alt-response",
        "x-envoy-upstream-alt-stat-name",
        "x-envoy-upstream-stream-duration-ms",
    };

    public static bool AreIn(HttpRequestMessage request)
    {
        var headers = request.Headers.NonValidated;
        if (headers.Count == 0)
        {
            return false;
        }

        foreach (var header in headers)
        {
            if (header.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && Names.Contains(header.Key))
            {
                return true;
            }
        }

        return false;
    }

    public static void RemoveFrom(HttpRequestMessage request)
    {
        foreach (var name in Names)
        {
            request.Headers.Remove(name);
        }
    }
}
