using System.Collections.Immutable;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Extensions.TransportSockets.RawBuffer.V3;
using Envoy.Extensions.TransportSockets.Tls.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads how connections to a cluster's endpoints are secured. What it does not know rejects the cluster: never plaintext by mistake.</summary>
internal static class TransportSocketReader
{
    /// <summary>Reads <c>transport_socket</c>.</summary>
    /// <returns>The TLS asked for; <see langword="null"/> is plaintext, or wrong, and then an error is noted.</returns>
    public static TlsConfig? Read(Cluster cluster, DecodeContext context)
    {
        if (cluster.TransportSocketMatcher is not null)
        {
            context.Error("transport_socket_matcher", "is not supported: give 'transport_socket_matches', or one 'transport_socket' for all endpoints");
        }

        return cluster.TransportSocket is null ? null : Read(cluster.TransportSocket, context);
    }

    /// <summary>Reads <c>transport_socket_matches</c>.</summary>
    public static ImmutableArray<TransportSocketMatchConfig> ReadMatches(Cluster cluster, DecodeContext context)
    {
        if (cluster.TransportSocketMatches.Count == 0)
        {
            return [];
        }

        var matches = ImmutableArray.CreateBuilder<TransportSocketMatchConfig>(cluster.TransportSocketMatches.Count);
        for (var i = 0; i < cluster.TransportSocketMatches.Count; i++)
        {
            using var scope = context.Enter("transport_socket_matches", i);
            var match = cluster.TransportSocketMatches[i];
            var labels = EndpointMetadataReader.ReadMatch(match.Match, context);
            if (match.TransportSocket is null)
            {
                context.Error("transport_socket", "must be set");
                continue;
            }

            matches.Add(new TransportSocketMatchConfig(match.Name, labels, Read(match.TransportSocket, context)));
        }

        return matches.DrainToImmutable();
    }

    private static TlsConfig? Read(TransportSocket socket, DecodeContext context)
    {
        using var scope = context.Enter("transport_socket.typed_config");
        var config = socket.TypedConfig;
        if (config?.TypeUrl == ExtensionTypes.UpstreamTls)
        {
            if (!ResourceReader.TryUnpack(config, UpstreamTlsContext.Parser, context, out var tls))
            {
                return null;
            }

            UnknownFields.Check(config.Value, UpstreamTlsContext.Descriptor, context);
            return UpstreamTlsReader.Read(tls, context);
        }

        if (config?.TypeUrl == ExtensionTypes.RawBuffer)
        {
            ResourceReader.TryUnpack(config, RawBuffer.Parser, context, out _);
        }
        else
        {
            context.Error("", $"the transport socket type '{config?.TypeUrl}' is not supported: give an UpstreamTlsContext or a RawBuffer");
        }

        return null;
    }
}
