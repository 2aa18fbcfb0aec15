using Envoy.Config.Route.V3;
using Google.Protobuf;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Decodes route configurations (RDS). Stateless.</summary>
internal sealed class RoutesDecoder : IResourceDecoder<RoutesConfig>
{
    public string TypeUrl => ResourceTypes.RouteConfiguration;

    public DecodeResult<RoutesConfig> Decode(ByteString value)
        => ResourceReader.Read(value, RouteConfiguration.Parser, "name", static routes => routes.Name, RoutesReader.Read);
}
