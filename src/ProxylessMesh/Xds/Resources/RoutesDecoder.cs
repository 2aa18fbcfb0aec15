using Envoy.Config.Route.V3;
using Google.Protobuf;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Decodes route configurations (RDS). Stateless.</summary>
/// <param name="dialect">How fields are meant that gRPC and Envoy read differently.</param>
/// <param name="customFilters">The application's own filters; <see langword="null"/> for none.</param>
internal sealed class RoutesDecoder(XdsDialect dialect = XdsDialect.Grpc, CustomFilterTypes? customFilters = null) : IResourceDecoder<RoutesConfig>
{
    public string TypeUrl => ResourceTypes.RouteConfiguration;

    public DecodeResult<RoutesConfig> Decode(ByteString value)
        => ResourceReader.Read(value, RouteConfiguration.Parser, "name", static routes => routes.Name, RoutesReader.Read, dialect, customFilters);
}
