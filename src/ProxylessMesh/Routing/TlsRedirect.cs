using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>A virtual host that must be asked by TLS sends other requests there (<c>VirtualHost.require_tls</c>). Stateless.</summary>
internal static class TlsRedirect
{
    public const int Status = 301;

    public static bool IsNeeded(TlsRequirement requirement, string scheme, bool isInternal)
        => requirement != TlsRequirement.None && (requirement == TlsRequirement.All || !isInternal) && scheme != Uri.UriSchemeHttps;

    /// <returns>The value of <c>location</c>: the same place, port included, by TLS.</returns>
    public static string Location(string host, string pathAndQuery) => $"https://{host}{pathAndQuery}";
}
