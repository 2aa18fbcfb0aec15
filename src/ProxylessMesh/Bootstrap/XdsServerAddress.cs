using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ProxylessMesh.Bootstrap;

/// <summary>Where a control plane is reached (<c>server_uri</c>).</summary>
internal abstract record XdsServerAddress
{
    private const string Forms = "Write host:port, dns:///host:port, or unix:/path/to/socket.";

    private const string UnixScheme = "unix:";

    private const string DnsScheme = "dns:";

    // sun_path holds 108 bytes on Linux and 104 on macOS, the terminating zero included.
    private const int MaxUnixPathBytes = 103;

    // Underscores are not in DNS's own alphabet but in the names that container networks give out.
    private static readonly SearchValues<char> HostNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    /// <param name="serverUri">The text to read.</param>
    /// <param name="address">Set when the text is right.</param>
    /// <param name="warning">What in the text has no effect, in words; <see langword="null"/>: nothing.</param>
    /// <param name="problem">What is wrong with the text, in words; set when it is wrong.</param>
    /// <param name="remedy">What to write instead; set when the text is wrong.</param>
    public static bool TryParse(string serverUri, out XdsServerAddress? address, out string? warning, out string? problem, out string? remedy)
    {
        warning = null;
        remedy = Forms;
        (address, problem) = serverUri switch
        {
            "" => (null, "is empty"),
            _ when serverUri.StartsWith(UnixScheme, StringComparison.OrdinalIgnoreCase) => ParseUnix(serverUri[UnixScheme.Length..]),
            _ when serverUri.StartsWith(DnsScheme, StringComparison.OrdinalIgnoreCase) => ParseDns(serverUri[DnsScheme.Length..], out warning),
            _ when serverUri.IndexOf("://", StringComparison.Ordinal) is var end and >= 0 => (null, DescribeScheme(serverUri[..end])),
            _ => ParseHostAndPort(serverUri),
        };
        return address is not null;
    }

    private static string DescribeScheme(string scheme) =>
        scheme.Equals("http", StringComparison.OrdinalIgnoreCase) || scheme.Equals("https", StringComparison.OrdinalIgnoreCase)
            ? "is a web address: whether TLS is spoken is decided by channel_creds, not by the scheme"
            : "has a scheme that is not supported";

    private static (XdsServerAddress?, string?) ParseUnix(string rest)
    {
        var path = rest;
        if (rest.StartsWith("//", StringComparison.Ordinal))
        {
            path = rest[2..];
            if (!path.StartsWith('/'))
            {
                return (null, "has a host between unix:// and the path");
            }
        }

        if (path.Length == 0 || path.EndsWith('/') || path.Contains('\0', StringComparison.Ordinal))
        {
            return (null, "has no path of a socket after unix:");
        }

        // Also takes away the "/./" that an agent started in the root directory puts before its relative path.
        path = Path.GetFullPath(path);
        return Encoding.UTF8.GetByteCount(path) > MaxUnixPathBytes
            ? (null, string.Create(CultureInfo.InvariantCulture, $"has a socket path longer than {MaxUnixPathBytes} bytes, the most a Unix socket can have"))
            : (new UnixServerAddress(path), null);
    }

    private static (XdsServerAddress?, string?) ParseDns(string rest, out string? warning)
    {
        warning = null;
        if (!rest.StartsWith("//", StringComparison.Ordinal))
        {
            return ParseHostAndPort(rest);
        }

        var slash = rest.IndexOf('/', 2);
        if (slash < 0)
        {
            return (null, "has no third slash: in dns://a the a is the DNS server to ask, not the host");
        }

        if (slash > 2)
        {
            warning = "names a DNS server, which is ignored: the system's resolver is asked";
        }

        return ParseHostAndPort(rest[(slash + 1)..]);
    }

    private static (XdsServerAddress?, string?) ParseHostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']'))
        {
            return (null, "has no port");
        }

        var host = text[..colon];
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            return (null, "has a port that is not a number from 1 to 65535");
        }

        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            return IPAddress.TryParse(host[1..^1], out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6
                ? (new TcpServerAddress(host[1..^1], port), null)
                : (null, "has no IPv6 address between the brackets");
        }

        if (host.Contains(':', StringComparison.Ordinal))
        {
            return (null, "has more than one colon: an IPv6 address is written in brackets, [::1]:15010");
        }

        return IsHostName(host) ? (new TcpServerAddress(host, port), null) : (null, "has no valid host name");
    }

    private static bool IsHostName(string host) =>
        host.Length is > 0 and <= 253 && !host.AsSpan().ContainsAnyExcept(HostNameCharacters) && !host.Contains("..", StringComparison.Ordinal);
}

/// <param name="Host">A DNS name or an IP address, IPv6 without its brackets.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record TcpServerAddress(string Host, int Port) : XdsServerAddress;

/// <param name="Path">Absolute.</param>
internal sealed record UnixServerAddress(string Path) : XdsServerAddress;
