using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ProxylessMesh.ControlPlane;

/// <summary>A parsed <see cref="ControlPlaneServerOptions.ListenAddress"/>: an IP endpoint or the path of a Unix domain socket.</summary>
internal sealed record ControlPlaneListenAddress(IPEndPoint? EndPoint, string? SocketPath)
{
    public const string UnixPrefix = "unix:";

    /// <exception cref="ArgumentException">The text is neither; the message says how to write it.</exception>
    public static ControlPlaneListenAddress Parse(string text)
    {
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            var path = text[UnixPrefix.Length..];
            path = path.StartsWith("//", StringComparison.Ordinal) ? path[2..] : path;
            return path.StartsWith('/') ? new ControlPlaneListenAddress(null, path) : throw Invalid(text);
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw Invalid(text);
        }

        var host = text[..colon];
        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return new ControlPlaneListenAddress(new IPEndPoint(IPAddress.Loopback, port), null);
        }

        // An IPv6 address without brackets is ambiguous: its last group could be the port.
        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        return host.Contains(':', StringComparison.Ordinal) == isBracketed && IPAddress.TryParse(host, out var address)
            ? new ControlPlaneListenAddress(new IPEndPoint(address, port), null)
            : throw Invalid(text);
    }

    public void Bind(KestrelServerOptions kestrel)
    {
        // Plaintext gRPC needs HTTP/2 with prior knowledge; without TLS there is no way to negotiate it.
        if (EndPoint is not null)
        {
            kestrel.Listen(EndPoint, listen => listen.Protocols = HttpProtocols.Http2);
        }
        else
        {
            kestrel.ListenUnixSocket(SocketPath!, listen => listen.Protocols = HttpProtocols.Http2); // set where EndPoint is not
        }
    }

    private static ArgumentException Invalid(string text)
        => new($"The listen address '{text}' must be an IP address or localhost with a port (127.0.0.1:15010, [::1]:15010; port 0: any free one), or unix:/absolute/path.");
}
