using System.Net;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Http;

/// <summary>
/// Brings a request to the HTTP version of its cluster, as a proxy in our place would. gRPC is HTTP/2 whatever the cluster says. A
/// request that is in it already is sent as it is; another is copied, because it is the caller's. Stateless.
/// </summary>
internal static class UpstreamVersion
{
    public static HttpRequestMessage Apply(HttpRequestMessage request, UpstreamProtocol protocol) => protocol switch
    {
        UpstreamProtocol.Http2 when !IsHttp2(request) => Copy(request, HttpVersion.Version20),
        UpstreamProtocol.Http1 when IsHttp2(request) && !GrpcMessage.IsGrpc(request) => Copy(request, HttpVersion.Version11),
        _ => request,
    };

    /// <summary>Whether it would be sent as HTTP/2: in plaintext nothing is negotiated, and "or lower" means HTTP/1.1.</summary>
    private static bool IsHttp2(HttpRequestMessage request)
        => request.Version.Major >= 2 && request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower;

    private static HttpRequestMessage Copy(HttpRequestMessage request, Version version)
    {
        var copy = OutgoingRequest.Copy(request);
        copy.Version = version;
        copy.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return copy;
    }
}
