using ProxylessMesh.Clusters;
using ProxylessMesh.Messages;
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

    /// <summary>Whether the host that is sent is that of the endpoint (<c>auto_host_rewrite</c>).</summary>
    public bool TakesEndpointHost { get; init; }

    /// <summary>The authority to tell in <c>x-forwarded-host</c> when the endpoint's takes its place, or <see langword="null"/>.</summary>
    public string? ForwardedHost { get; init; }

    /// <summary>Puts an endpoint's hostname in the host's place; the next endpoint's takes its. One without a hostname gets the request's own.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="sent">What is sent: <see cref="Outgoing"/>, or a copy of it.</param>
    /// <exception cref="HostnameException">It has one that cannot be sent.</exception>
    public void AimAt(EndpointState endpoint, HttpRequestMessage sent)
    {
        if (!TakesEndpointHost)
        {
            return;
        }

        var hasHost = !string.IsNullOrEmpty(endpoint.Hostname);
        try
        {
            sent.Headers.Host = hasHost ? endpoint.Hostname : original.Headers.Host;
        }
        catch (FormatException exception)
        {
            throw new HostnameException($"the hostname of endpoint {endpoint.Address}, which auto_host_rewrite puts in the host's place, is none: '{endpoint.Hostname}'", exception);
        }

        if (ForwardedHost is not null)
        {
            sent.Headers.Remove("x-forwarded-host");
            sent.Headers.TryAddWithoutValidation("x-forwarded-host", ForwardedHosts(hasHost));
        }
    }

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

    private List<string> ForwardedHosts(bool hasHost)
    {
        var hosts = original.Headers.NonValidated.TryGetValues("x-forwarded-host", out var values) ? values.ToList() : [];
        if (hasHost)
        {
            hosts.Add(ForwardedHost!); // the caller has seen it
        }

        return hosts;
    }
}
