using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>Who is at the other end of a stream, from the node of its first request.</summary>
/// <param name="NodeId">For logs; empty when the client did not say.</param>
/// <param name="View">What it sees of the mesh, and in which dialect.</param>
internal sealed record AdsClientIdentity(string NodeId, MeshClient View)
{
    public const string NamespaceKey = "NAMESPACE";
    public const string LabelsKey = "LABELS";

    private const string GeneratorKey = "GENERATOR";
    private const int IstioIdParts = 4;

    public static readonly AdsClientIdentity Unknown = new("", MeshClient.Default);

    /// <summary>
    /// The namespace is the node's metadata <c>NAMESPACE</c>, or that of an Istio node id
    /// (<c>sidecar~ip~pod.namespace~namespace.svc.cluster.local</c>), or <c>default</c>; labels are its metadata
    /// <c>LABELS</c>. A node with an Istio id and without metadata <c>GENERATOR</c> asks in the sidecar dialect, as it does
    /// of istiod; every other in that of gRPC.
    /// </summary>
    public static AdsClientIdentity From(Node? node)
    {
        if (node is null)
        {
            return Unknown;
        }

        var parts = node.Id.Split('~');
        var isIstioId = parts.Length == IstioIdParts;
        var view = new MeshClient
        {
            Dialect = isIstioId && Text(node, GeneratorKey).Length == 0 ? ClientDialect.Sidecar : ClientDialect.Grpc,
            Namespace = NamespaceOf(node, isIstioId ? parts[^1] : ""),
            Labels = LabelsOf(node),
            Locality = LocalityOf(node.Locality),
        };
        return new AdsClientIdentity(node.Id, view);
    }

    private static string NamespaceOf(Node node, string domain)
    {
        if (Text(node, NamespaceKey) is { Length: > 0 } ns)
        {
            return ns;
        }

        var dot = domain.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? domain[..dot] : ResourceIdentity.DefaultNamespace;
    }

    private static string Text(Node node, string key)
        => node.Metadata is { } metadata && metadata.Fields.TryGetValue(key, out var value) && value.KindCase == Value.KindOneofCase.StringValue
            ? value.StringValue
            : "";

    private static ImmutableSortedDictionary<string, string> LabelsOf(Node node)
        => node.Metadata is { } metadata && metadata.Fields.TryGetValue(LabelsKey, out var value) && value.KindCase == Value.KindOneofCase.StructValue
            ? value.StructValue.Fields
                .Where(pair => pair.Value.KindCase == Value.KindOneofCase.StringValue)
                .ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value.StringValue, StringComparer.Ordinal)
            : ImmutableSortedDictionary<string, string>.Empty;

    private static string LocalityOf(Locality? locality)
        => locality is null ? "" : string.Join('/', locality.Region, locality.Zone, locality.SubZone).TrimEnd('/');
}
