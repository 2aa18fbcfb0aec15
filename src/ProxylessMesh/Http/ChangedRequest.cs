using ProxylessMesh.Clusters;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>
/// A request whose route changes it, or its response: what is sent in its place, and what is done to what comes back. The
/// caller's own request stays as it was, and a request that must be routed anew begins with that.
/// </summary>
/// <param name="original">The caller's request.</param>
/// <param name="outgoing">What is sent: a copy, or the caller's own when only its response changes.</param>
/// <param name="choice">The cluster chosen, with its header mutations.</param>
/// <param name="context">What the values of headers may say.</param>
internal sealed class ChangedRequest(HttpRequestMessage original, HttpRequestMessage outgoing, ClusterChoice<ClusterState> choice, HeaderFormatContext context)
{
    public HttpRequestMessage Outgoing => outgoing;

    /// <summary>The Set-Cookie headers to add to the response, for a hash policy that made cookies.</summary>
    public IReadOnlyList<string> NewCookies { get; init; } = [];

    /// <summary>Makes of the endpoint's response the caller's.</summary>
    public void Finish(HttpResponseMessage response)
    {
        response.RequestMessage = original;
        foreach (var cookie in NewCookies)
        {
            response.Headers.TryAddWithoutValidation("Set-Cookie", cookie);
        }

        if (choice.Headers.HasResponse)
        {
            var headers = new ResponseHeaderMap(response);
            choice.Headers.ApplyToResponse(headers, context with { Response = headers, ResponseCode = (int)response.StatusCode });
        }
    }
}
