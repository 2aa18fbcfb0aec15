using System.Globalization;
using Envoy.Config.Core.V3;
using Envoy.Config.Listener.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes client-side listeners: of a service's port, under the name the client asked for, or of a port for all services.</summary>
internal static class ListenerTranslator
{
    private const string ConnectionManagerName = "envoy.filters.network.http_connection_manager";
    private const string AnyAddress = "0.0.0.0";

    public static XdsResource Translate(string name, MeshService service, ServicePort port, ServiceDirectory directory)
    {
        var connectionManager = ConnectionManager(XdsNames.Routes(port.Number, service.Host), new ConfigSource { Ads = new AggregatedConfigSource() }, port.Number, directory);
        var listener = new Listener
        {
            Name = name,
            Address = ToAddress(service.Addresses.FirstOrDefault(address => System.Net.IPAddress.TryParse(address, out _)) ?? AnyAddress, port.Number),
            ApiListener = new ApiListener { ApiListener_ = XdsResource.Pack(connectionManager) },
        };
        return XdsResource.Create(ResourceTypes.Listener, name, listener);
    }

    /// <summary>The outbound listener of a port in the sidecar dialect, which names the port's route configuration.</summary>
    public static XdsResource TranslatePort(int port, ServiceDirectory directory)
    {
        var source = new ConfigSource { Ads = new AggregatedConfigSource(), InitialFetchTimeout = new Duration(), ResourceApiVersion = ApiVersion.V3 };
        var connectionManager = ConnectionManager(port.ToString(CultureInfo.InvariantCulture), source, port, directory);
        var name = string.Create(CultureInfo.InvariantCulture, $"{AnyAddress}_{port}");
        var listener = new Listener
        {
            Name = name,
            Address = ToAddress(AnyAddress, port),
            FilterChains = { new FilterChain { Filters = { new Filter { Name = ConnectionManagerName, TypedConfig = XdsResource.Pack(connectionManager) } } } },
            TrafficDirection = TrafficDirection.Outbound,
            BindToPort = false,
        };
        return XdsResource.Create(ResourceTypes.Listener, name, listener);
    }

    private static HttpConnectionManager ConnectionManager(string routes, ConfigSource source, int port, ServiceDirectory directory)
    {
        var manager = new HttpConnectionManager { Rds = new Rds { RouteConfigName = routes, ConfigSource = source } };
        manager.HttpFilters.AddRange(ListenerFilters.Of(port, directory));
        return manager;
    }

    private static Address ToAddress(string address, int port) => new() { SocketAddress = new SocketAddress { Address = address, PortValue = (uint)port } };
}
