using Envoy.Config.Endpoint.V3;
using Google.Protobuf;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Decodes endpoint sets (EDS). Stateless.</summary>
internal sealed class EndpointsDecoder : IResourceDecoder<EndpointsConfig>
{
    public string TypeUrl => ResourceTypes.ClusterLoadAssignment;

    public DecodeResult<EndpointsConfig> Decode(ByteString value)
        => ResourceReader.Read(
            value,
            ClusterLoadAssignment.Parser,
            "cluster_name",
            static assignment => assignment.ClusterName,
            static (assignment, context) => new EndpointsReader(EndpointsOrigin.Eds, context).Read(assignment, assignment.ClusterName));
}
