using Envoy.Config.Listener.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Decodes the listeners a client subscribes to (LDS): those with an <c>api_listener</c>. Stateless.</summary>
/// <param name="dialect">How fields are meant that gRPC and Envoy read differently.</param>
/// <param name="customFilters">The application's own filters; <see langword="null"/> for none.</param>
internal sealed class ListenerDecoder(XdsDialect dialect = XdsDialect.Grpc, CustomFilterTypes? customFilters = null) : IResourceDecoder<ListenerConfig>
{
    public string TypeUrl => ResourceTypes.Listener;

    public DecodeResult<ListenerConfig> Decode(ByteString value)
        => ResourceReader.Read(value, Listener.Parser, "name", static listener => listener.Name, Read, dialect, customFilters);

    private static ListenerConfig? Read(Listener listener, DecodeContext context)
    {
        var api = listener.ApiListener?.ApiListener_;
        if (api is null)
        {
            context.Error("api_listener", "must be set: a client subscribes to listeners without a socket (gRFC A27)");
            return null;
        }

        using var scope = context.Enter("api_listener.api_listener");
        if (api.TypeUrl != ExtensionTypes.HttpConnectionManager)
        {
            context.Error("", $"must be an HttpConnectionManager, not '{api.TypeUrl}' (gRFC A27)");
            return null;
        }

        return ResourceReader.TryUnpack(api, HttpConnectionManager.Parser, context, out var manager) ? Read(listener.Name, manager, context) : null;
    }

    private static ListenerConfig? Read(string name, HttpConnectionManager manager, DecodeContext context)
    {
        CheckAddressTrust(manager, context);
        NoteWithoutEffect(manager, context);
        var connection = HttpConnectionReader.Read(manager, context);
        var filters = HttpFilterReader.Read(manager.HttpFilters, context);
        switch (manager.RouteSpecifierCase)
        {
            case HttpConnectionManager.RouteSpecifierOneofCase.Rds:
                ConfigSourceReader.Check(manager.Rds.ConfigSource, "rds.config_source", context);
                if (manager.Rds.RouteConfigName.Length == 0)
                {
                    context.Error("rds.route_config_name", "must not be empty");
                }

                return new ListenerConfig { Name = name, RoutesName = manager.Rds.RouteConfigName, Connection = connection, Filters = filters };

            case HttpConnectionManager.RouteSpecifierOneofCase.RouteConfig:
                using (context.Enter("route_config"))
                {
                    return new ListenerConfig { Name = name, InlineRoutes = RoutesReader.Read(manager.RouteConfig, context), Connection = connection, Filters = filters };
                }

            case HttpConnectionManager.RouteSpecifierOneofCase.ScopedRoutes:
                context.Error("scoped_routes", "is not supported: give 'rds' or 'route_config' (gRFC A27)");
                return null;

            default:
                context.Error("route_specifier", "must be 'rds' or 'route_config'");
                return null;
        }
    }

    /// <summary>"must be unset or zero" and "must be empty" - gRFC A41: nothing here decides about the caller's address by a header.</summary>
    private static void CheckAddressTrust(HttpConnectionManager manager, DecodeContext context)
    {
        if (manager.XffNumTrustedHops != 0)
        {
            context.Error("xff_num_trusted_hops", "must be 0 (gRFC A41)");
        }

        if (manager.OriginalIpDetectionExtensions.Count > 0)
        {
            context.Error("original_ip_detection_extensions", "must be empty (gRFC A41)");
        }

        if (manager.EarlyHeaderMutationExtensions.Count > 0)
        {
            context.Error("early_header_mutation_extensions", "is not supported");
        }
    }

    private static void NoteWithoutEffect(HttpConnectionManager manager, DecodeContext context)
    {
        TimeoutReader.Note(manager.RequestTimeout, "request_timeout", context);
        TimeoutReader.Note(manager.CommonHttpProtocolOptions?.IdleTimeout, "common_http_protocol_options.idle_timeout", context);
        if (manager.PathNormalizationOptions is not null)
        {
            context.WarnNoEffect("path normalization options", "path_normalization_options");
        }
    }
}
