namespace ProxylessMesh.Messages;

/// <summary>
/// Copies the caller's request where its route changes it: the caller may send it again, or look at it, and must find it as
/// it was. The body is shared. Stateless.
/// </summary>
internal static class OutgoingRequest
{
    /// <param name="request">The caller's request.</param>
    /// <param name="path">Its path and query where they are to be other than its URI's.</param>
    /// <param name="observer">Is told when the body has been sent; <see langword="null"/> when nothing waits for that.</param>
    public static HttpRequestMessage Copy(HttpRequestMessage request, string? path = null, IBodyObserver? observer = null)
    {
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        var copy = new HttpRequestMessage(request.Method, path is null ? uri : WithPath(uri, path))
        {
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
            Content = observer is null || request.Content is null ? request.Content : new ForwardedContent(request.Content, observer),
        };
        foreach (var header in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        var options = (IDictionary<string, object?>)copy.Options;
        foreach (var (key, value) in request.Options)
        {
            options[key] = value;
        }

        return copy;
    }

    /// <param name="uri">The URI.</param>
    /// <param name="path">Its new path and query, to be sent as they stand.</param>
    public static Uri WithPath(Uri uri, string path)
    {
        // Without a slash the path would run into the authority.
        var separator = path.StartsWith('/') ? "" : "/";
        return new Uri($"{uri.Scheme}://{uri.Authority}{separator}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }

    /// <summary>Whether it asks for a connection of another kind, such as a WebSocket: sent at once, and without an end until that is closed.</summary>
    public static bool IsUpgrade(HttpRequestMessage request) => request.Method == HttpMethod.Connect || request.Headers.NonValidated.Contains("Upgrade");

    /// <summary>The protocol as Envoy writes it.</summary>
    public static string ProtocolOf(HttpRequestMessage request) => request.Version.Major switch
    {
        1 => request.Version.Minor == 0 ? "HTTP/1.0" : "HTTP/1.1",
        2 => "HTTP/2",
        _ => "HTTP/3",
    };
}
