using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>Who is at the other end of a stream, from the node of its first request.</summary>
/// <param name="NodeId">For logs; empty when the client did not say.</param>
/// <param name="Namespace">Completes the single-label hosts it asks for.</param>
internal sealed record AdsClientIdentity(string NodeId, string Namespace)
{
    private const string NamespaceKey = "NAMESPACE";

    public static readonly AdsClientIdentity Unknown = new("", ResourceIdentity.DefaultNamespace);

    /// <summary>
    /// The namespace is the node's metadata <c>NAMESPACE</c>, or that of an Istio node id
    /// (<c>sidecar~ip~pod.namespace~namespace.svc.cluster.local</c>), or <c>default</c>.
    /// </summary>
    public static AdsClientIdentity From(Node? node)
    {
        if (node is null)
        {
            return Unknown;
        }

        if (node.Metadata is { } metadata
            && metadata.Fields.TryGetValue(NamespaceKey, out var value)
            && value.KindCase == Value.KindOneofCase.StringValue
            && value.StringValue.Length > 0)
        {
            return new AdsClientIdentity(node.Id, value.StringValue);
        }

        var parts = node.Id.Split('~');
        var dot = parts.Length == 4 ? parts[3].IndexOf('.', StringComparison.Ordinal) : -1;
        return new AdsClientIdentity(node.Id, dot > 0 ? parts[3][..dot] : ResourceIdentity.DefaultNamespace);
    }
}
