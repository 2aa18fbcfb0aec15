using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads what endpoints say of themselves, and what a transport socket asks of them.</summary>
internal static class EndpointMetadataReader
{
    private const string TransportSocketMatch = "envoy.transport_socket_match";
    private const string Istio = "istio";
    private const string IstioWorkload = "workload";

    /// <summary>The labels that decide about the transport socket. One whose value is no string fits no match that asks for it.</summary>
    public static EndpointLabels ReadLabels(Metadata? metadata)
    {
        if (metadata is null || !metadata.FilterMetadata.TryGetValue(TransportSocketMatch, out var labels))
        {
            return EndpointLabels.None;
        }

        var values = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(labels.Fields.Count);
        foreach (var (name, value) in labels.Fields)
        {
            if (value.KindCase == Value.KindOneofCase.StringValue)
            {
                values.Add(new(name, value.StringValue));
            }
        }

        return EndpointLabels.Of(values.DrainToImmutable());
    }

    /// <inheritdoc cref="EndpointConfig.Workload"/>
    public static string? ReadWorkload(Metadata? metadata)
        => metadata is not null
            && metadata.FilterMetadata.TryGetValue(Istio, out var istio)
            && istio.Fields.TryGetValue(IstioWorkload, out var workload)
            && workload.StringValue.AsSpan().ContainsAnyExcept(';')
                ? workload.StringValue
                : null;

    /// <inheritdoc cref="EndpointConfig.IsCanary"/>
    public static bool ReadIsCanary(Metadata? metadata)
        => metadata is not null
            && metadata.FilterMetadata.TryGetValue("envoy.lb", out var balancing)
            && balancing.Fields.TryGetValue("canary", out var canary)
            && canary.BoolValue;

    /// <summary>The labels that a match asks for. It decides about TLS, so that nothing of it may be passed over.</summary>
    public static EndpointLabels ReadMatch(Struct? match, DecodeContext context)
    {
        if (match is null)
        {
            return EndpointLabels.None;
        }

        var values = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(match.Fields.Count);
        foreach (var (name, value) in match.Fields)
        {
            if (value.KindCase == Value.KindOneofCase.StringValue)
            {
                values.Add(new(name, value.StringValue));
            }
            else
            {
                using var scope = context.Enter("match.fields", name);
                context.Error("", "must be a string: other values are not supported");
            }
        }

        return EndpointLabels.Of(values.DrainToImmutable());
    }
}
