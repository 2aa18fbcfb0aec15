using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>What limited requests are answered, and told of their limits. Stateless.</summary>
internal static class RateLimitHeaders
{
    private const string ResourceExhausted = "8";

    /// <summary>Answers a request that is over a limit.</summary>
    public static HttpResponseMessage Refuse(in FilterRequest request, int status, string body, HeaderMutationsConfig headers, bool isResourceExhausted, TimeProvider timeProvider)
    {
        var mutations = headers.HasResponse ? HeaderMutations.Build(mostSpecificWins: false, headers) : null;
        var context = mutations is null ? null : Context(in request, new RequestHeaderMap(request.Message, request.Host), timeProvider);
        return LocalResponse.Create(request.Message, status, body: body, headers: mutations, context: context, grpcStatus: isResourceExhausted ? ResourceExhausted : null);
    }

    /// <summary>Adds the three headers of draft-polli-ratelimit-headers-03.</summary>
    public static void Add(HttpResponseMessage response, string limit, uint remaining, TimeSpan untilReset)
    {
        var headers = response.Headers;
        headers.TryAddWithoutValidation("x-ratelimit-limit", limit);
        headers.TryAddWithoutValidation("x-ratelimit-remaining", remaining.ToString(CultureInfo.InvariantCulture));
        headers.TryAddWithoutValidation("x-ratelimit-reset", Math.Ceiling(untilReset.TotalSeconds).ToString("F0", CultureInfo.InvariantCulture));
    }

    /// <summary>What the values of added headers may say.</summary>
    public static HeaderFormatContext Context(in FilterRequest request, RequestHeaderMap headers, TimeProvider timeProvider) => new()
    {
        Request = headers,
        OriginalPath = request.Path ?? request.Message.RequestUri!.PathAndQuery, // a request without a URI does not enter the mesh
        Protocol = OutgoingRequest.ProtocolOf(request.Message),
        StartTime = timeProvider.GetUtcNow(),
        RouteName = request.Route.RouteName,
        VirtualHostName = request.Route.VirtualHostName,
        ClusterName = request.ClusterName,
    };
}
