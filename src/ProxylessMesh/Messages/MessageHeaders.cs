using System.Net.Http.Headers;

namespace ProxylessMesh.Messages;

/// <summary>What mutations of requests and of responses have in common. Stateless.</summary>
internal static class MessageHeaders
{
    /// <summary>Headers that say where a message ends: changing one would break the connection.</summary>
    public static bool IsFraming(string name) => name is "content-length" or "transfer-encoding";

    /// <summary>The names of a message's headers and of its body's, in lower case.</summary>
    public static IReadOnlyCollection<string> NamesOf(HttpHeaders headers, HttpHeaders? content)
    {
        var names = new List<string>();
        foreach (var header in headers.NonValidated)
        {
            names.Add(header.Key.ToLowerInvariant());
        }

        foreach (var header in content?.NonValidated ?? default)
        {
            names.Add(header.Key.ToLowerInvariant());
        }

        return names;
    }

    /// <summary>Whether a header is there; a name that cannot be there is not.</summary>
    public static bool Contains(HttpHeaders? headers, string name) => headers is not null && headers.NonValidated.Contains(name);
}
