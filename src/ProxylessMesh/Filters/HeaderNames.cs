using System.Net.Http.Headers;

namespace ProxylessMesh.Filters;

/// <summary>Lists the names of a message's headers, in lower case. Stateless.</summary>
internal static class HeaderNames
{
    public static IEnumerable<string> Of(params HttpHeaders?[] collections)
        => collections.OfType<HttpHeaders>().SelectMany(static headers => headers.NonValidated, static (_, header) => header.Key.ToLowerInvariant());
}
