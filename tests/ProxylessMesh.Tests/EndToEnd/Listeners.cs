using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Listeners whose fields a test writes in proto JSON.</summary>
internal static class Listeners
{
    /// <summary>A client listener that carries its routes.</summary>
    /// <param name="name">The listener's name.</param>
    /// <param name="routes">The route configuration.</param>
    /// <param name="managerFields">Fields of the connection manager, each followed by a comma.</param>
    public static Any Of(string name, string routes, string managerFields = "")
    {
        var manager = JsonParser.Default.Parse<HttpConnectionManager>($$"""{ {{managerFields}} "statPrefix": "test" }""");
        manager.RouteConfig = JsonParser.Default.Parse<RouteConfiguration>(routes);
        manager.HttpFilters.Add(new HttpFilter { Name = "router", TypedConfig = Any.Pack(new Router()) });
        return Any.Pack(new Listener { Name = name, ApiListener = new ApiListener { ApiListener_ = Any.Pack(manager) } });
    }
}
