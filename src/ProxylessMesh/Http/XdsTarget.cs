namespace ProxylessMesh.Http;

/// <summary>
/// A gRPC target of the <c>xds</c> scheme, as gRPC's name resolution syntax writes it: <c>xds:///orders</c>,
/// <c>xds:///orders:8080</c> or <c>xds:orders</c>. grpc-dotnet knows no such scheme; it is given an <c>http</c> address, and
/// the mesh keeps the authority as it was written.
/// </summary>
internal sealed record XdsTarget(string Authority, Uri HttpAddress)
{
    public const string Scheme = "xds";

    /// <exception cref="ArgumentException">The target names an xDS authority, or no service.</exception>
    public static XdsTarget? Parse(Uri address)
    {
        if (!address.IsAbsoluteUri || !address.Scheme.Equals(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (address.Host.Length > 0)
        {
            throw new ArgumentException($"'{address}' names the xDS authority '{address.Host}', which this version cannot look up; write 'xds:///{address.AbsolutePath.TrimStart('/')}', with three slashes.", nameof(address));
        }

        var authority = address.AbsolutePath.TrimStart('/');
        if (!Uri.TryCreate($"http://{authority}/", UriKind.Absolute, out var httpAddress) || httpAddress.PathAndQuery != "/" || authority.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{address}' names no service; write 'xds:///orders', or 'xds:///orders:8080'.", nameof(address));
        }

        return new XdsTarget(authority, httpAddress);
    }
}
