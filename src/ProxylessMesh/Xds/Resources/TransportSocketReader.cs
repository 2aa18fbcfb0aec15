using Envoy.Config.Cluster.V3;
using Envoy.Extensions.TransportSockets.RawBuffer.V3;
using Envoy.Extensions.TransportSockets.Tls.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads how connections to a cluster's endpoints are secured. What it does not know rejects the cluster: never plaintext by mistake.</summary>
internal static class TransportSocketReader
{
    public static TransportSecurity Read(Cluster cluster, DecodeContext context)
    {
        if (cluster.TransportSocketMatches.Count > 0)
        {
            context.Error("transport_socket_matches", "is not supported in this version: give one 'transport_socket' for all endpoints");
        }

        if (cluster.TransportSocketMatcher is not null)
        {
            context.Error("transport_socket_matcher", "is not supported: give one 'transport_socket' for all endpoints");
        }

        if (cluster.TransportSocket is null)
        {
            return TransportSecurity.Plaintext;
        }

        using var scope = context.Enter("transport_socket.typed_config");
        var config = cluster.TransportSocket.TypedConfig;
        if (config?.TypeUrl == ExtensionTypes.UpstreamTls)
        {
            if (ResourceReader.TryUnpack(config, UpstreamTlsContext.Parser, context, out var tls))
            {
                UnknownFields.Check(config.Value, UpstreamTlsContext.Descriptor, context);
                UpstreamTlsReader.Check(tls, context);
            }

            return TransportSecurity.Tls;
        }

        if (config?.TypeUrl == ExtensionTypes.RawBuffer)
        {
            ResourceReader.TryUnpack(config, RawBuffer.Parser, context, out _);
        }
        else
        {
            context.Error("", $"the transport socket type '{config?.TypeUrl}' is not supported: give an UpstreamTlsContext or a RawBuffer");
        }

        return TransportSecurity.Plaintext;
    }
}
