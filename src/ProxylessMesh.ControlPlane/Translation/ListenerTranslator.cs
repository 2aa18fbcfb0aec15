using Envoy.Config.Core.V3;
using Envoy.Config.Listener.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes the client-side listener of a service's port, under the name the client asked for.</summary>
internal static class ListenerTranslator
{
    private const string RouterFilterName = "envoy.filters.http.router";

    public static XdsResource Translate(string name, MeshService service, ServicePort port)
    {
        var connectionManager = new HttpConnectionManager
        {
            Rds = new Rds
            {
                RouteConfigName = XdsNames.Routes(port.Number, service.Host),
                ConfigSource = new ConfigSource { Ads = new AggregatedConfigSource() },
            },
            HttpFilters = { new HttpFilter { Name = RouterFilterName, TypedConfig = Pack(new Router()) } },
        };
        var listener = new Listener { Name = name, ApiListener = new ApiListener { ApiListener_ = Pack(connectionManager) } };
        return XdsResource.Create(ResourceTypes.Listener, name, listener);
    }

    private static Any Pack(IMessage message) => new() { TypeUrl = ResourceTypes.Prefix + message.Descriptor.FullName, Value = message.ToByteString() };
}
