using System.Net.Http.Headers;

namespace ProxylessMesh.Messages;

/// <summary>What mutations of requests and of responses have in common. Stateless.</summary>
internal static class MessageHeaders
{
    /// <summary>Headers that say where a message ends: changing one would break the connection.</summary>
    public static bool IsFraming(string name) => name is "content-length" or "transfer-encoding";

    /// <summary>Whether a header is there; a name that cannot be there is not.</summary>
    public static bool Contains(HttpHeaders? headers, string name) => headers is not null && headers.NonValidated.Contains(name);
}
