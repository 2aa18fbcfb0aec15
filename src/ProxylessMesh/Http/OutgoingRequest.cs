namespace ProxylessMesh.Http;

/// <summary>
/// Copies the caller's request where its route changes it: the caller may send it again, or look at it, and must find it as
/// it was. The body is shared. Stateless.
/// </summary>
internal static class OutgoingRequest
{
    public static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri)
        {
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
            Content = request.Content,
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

    /// <summary>The protocol as Envoy writes it.</summary>
    public static string ProtocolOf(HttpRequestMessage request) => request.Version.Major switch
    {
        1 => request.Version.Minor == 0 ? "HTTP/1.0" : "HTTP/1.1",
        2 => "HTTP/2",
        _ => "HTTP/3",
    };
}
