using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh.Http;

/// <summary>
/// A gRPC target of the <c>xds</c> scheme, as gRPC's name resolution syntax writes it: <c>xds:///orders</c>,
/// <c>xds:///orders:8080</c>, <c>xds:orders</c>, or <c>xds://authority/orders</c> (gRFC A47). grpc-dotnet knows no such scheme; it is given
/// an <c>http</c> address, and the mesh keeps the target as it was written.
/// </summary>
/// <param name="XdsAuthority">The authority that is asked for the listener; <see langword="null"/>: the bootstrap's default naming decides.</param>
/// <param name="Authority">The service called, with its port if one was written: what virtual hosts are found by.</param>
/// <param name="HttpAddress">What grpc-dotnet is given.</param>
internal sealed record XdsTarget(string? XdsAuthority, string Authority, Uri HttpAddress)
{
    public const string Scheme = "xds";

    private const string AuthorityStart = "//";

    /// <summary>The target in one spelling, for telemetry and look-up.</summary>
    public string Text { get; } = $"{Scheme}://{XdsAuthority}/{Authority}";

    /// <exception cref="ArgumentException">The target names no service.</exception>
    public static XdsTarget? Parse(Uri address)
    {
        if (!address.IsAbsoluteUri || !address.Scheme.Equals(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return Make(address) ?? throw new ArgumentException($"'{address}' names no service; write 'xds:///orders', 'xds:///orders:8080', or 'xds://authority/orders' for another xDS authority.", nameof(address));
    }

    /// <summary>Reads what <see cref="MeshOptions.Preload"/> takes: a service, or a whole target.</summary>
    public static bool TryParseAuthority(string text, [NotNullWhen(true)] out XdsTarget? target)
    {
        target = text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Scheme
            ? Make(address)
            : TryMake(xdsAuthority: null, text);
        return target is not null;
    }

    private static XdsTarget? Make(Uri address)
    {
        // Not Uri.Host, which is in lower case: authorities are compared as they are written.
        var rest = address.OriginalString.Trim()[(Scheme.Length + 1)..];
        string? xdsAuthority = null;
        if (rest.StartsWith(AuthorityStart, StringComparison.Ordinal))
        {
            var end = rest.IndexOf('/', AuthorityStart.Length);
            end = end < 0 ? rest.Length : end;
            xdsAuthority = end > AuthorityStart.Length ? Uri.UnescapeDataString(rest[AuthorityStart.Length..end]) : null;
            rest = rest[end..];
        }

        return TryMake(xdsAuthority, Uri.UnescapeDataString(rest).TrimStart('/'));
    }

    private static XdsTarget? TryMake(string? xdsAuthority, string authority)
        => Uri.TryCreate($"http://{authority}/", UriKind.Absolute, out var httpAddress) && httpAddress.PathAndQuery == "/" && httpAddress.Fragment.Length == 0 && !authority.Contains('/', StringComparison.Ordinal)
            ? new XdsTarget(xdsAuthority, authority, httpAddress)
            : null;
}
