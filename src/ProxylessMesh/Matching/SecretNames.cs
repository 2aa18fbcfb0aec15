namespace ProxylessMesh.Matching;

/// <summary>Names of headers and query parameters whose values are nobody's business, be it only because a route is compared with them. Stateless.</summary>
internal static class SecretNames
{
    private static readonly string[] Parts = ["authorization", "cookie", "token", "secret", "password", "passwd", "credential", "api-key", "apikey", "api_key", "session", "signature"];

    /// <param name="name">In whatever case.</param>
    public static bool Contains(string name) => Parts.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
