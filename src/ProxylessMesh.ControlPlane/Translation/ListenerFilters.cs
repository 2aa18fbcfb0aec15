using Envoy.Extensions.Filters.Http.Cors.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the HTTP filters of an outbound listener, as istiod orders them: without settings of their own, because the routes have those.
/// A proxy's telemetry is left out.
/// </summary>
internal static class ListenerFilters
{
    private const string RouterName = "envoy.filters.http.router";

    public static IReadOnlyList<HttpFilter> Of(int port, ServiceDirectory directory)
    {
        List<HttpFilter> filters = [Filter(RouteFilterTranslator.FaultName, new HTTPFault())];
        if (directory.Client.Dialect == ClientDialect.Sidecar)
        {
            filters.Add(Filter(RouteFilterTranslator.CorsName, new Cors()));
        }

        filters.Add(Filter(RouterName, new Router()));
        EnvoyPatches.Insert(filters, port, directory);
        return filters;
    }

    private static HttpFilter Filter(string name, IMessage config) => new() { Name = name, TypedConfig = XdsResource.Pack(config) };
}
