using System.Collections.Immutable;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Http.StatefulSession.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Reads the HTTP filters of a listener. A filter that could be security is never skipped: unless it is marked optional, its
/// type is known here or the listener is rejected.
/// </summary>
internal static class HttpFilterReader
{
    public static ImmutableArray<HttpFilterConfig> Read(RepeatedField<HttpFilter> filters, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<HttpFilterConfig>(filters.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var hasRouter = false;
        for (var i = 0; i < filters.Count; i++)
        {
            using var scope = context.Enter("http_filters", i);
            var filter = filters[i];
            if (filter.Name.Length == 0)
            {
                context.Error("name", "must not be empty");
            }
            else if (!names.Add(filter.Name))
            {
                context.Error("name", $"'{filter.Name}' is already the name of another filter: names must be unique (gRFC A39)");
            }

            if (filter.Disabled || ReadType(filter, context) is not { } typeUrl)
            {
                continue;
            }

            if (hasRouter)
            {
                context.Error("", "must not come after the router: the router is the last filter, and the only one of its type (gRFC A39)");
            }

            if (typeUrl == ExtensionTypes.Router)
            {
                hasRouter = true;
            }
            else
            {
                read.Add(new HttpFilterConfig(filter.Name, typeUrl));
            }
        }

        if (!hasRouter)
        {
            context.Error("http_filters", "must end with the router (gRFC A39)");
        }

        return read.ToImmutable();
    }

    /// <summary>Reads the filter configurations given for a part of the routes (<c>typed_per_filter_config</c>).</summary>
    public static void CheckOverrides(MapField<string, Any> overrides, DecodeContext context)
    {
        // In the order of their names: a map has none, and errors should not come in another order each time.
        foreach (var (name, config) in overrides.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            using var scope = context.Enter("typed_per_filter_config", name);
            CheckOverride(config, context);
        }
    }

    private static void CheckOverride(Any config, DecodeContext context)
    {
        var isOptional = false;
        if (config.TypeUrl == ExtensionTypes.RouteFilterConfig)
        {
            if (!ResourceReader.TryUnpack(config, Envoy.Config.Route.V3.FilterConfig.Parser, context, out var wrapper) || wrapper.Disabled)
            {
                return;
            }

            if (wrapper.Config is null)
            {
                context.Error("config", "must be set");
                return;
            }

            isOptional = wrapper.IsOptional;
            config = wrapper.Config;
        }

        if (ExtensionTypes.Resolve(config, context) is not { } typeUrl || ExtensionTypes.IstioWithoutEffect.Contains(typeUrl))
        {
            return;
        }

        if (!IsSupported(config, typeUrl, context))
        {
            NoteUnknown(typeUrl, isOptional, context);
        }
    }

    /// <returns>The filter's type, or <see langword="null"/> when it is left out.</returns>
    private static string? ReadType(HttpFilter filter, DecodeContext context)
    {
        if (filter.ConfigTypeCase != HttpFilter.ConfigTypeOneofCase.TypedConfig)
        {
            NoteUnknown(filter.ConfigTypeCase == HttpFilter.ConfigTypeOneofCase.ConfigDiscovery ? "config_discovery (ECDS)" : "", filter.IsOptional, context);
            return null;
        }

        using var scope = context.Enter("typed_config");
        var config = filter.TypedConfig;
        if (ExtensionTypes.Resolve(config, context) is not { } typeUrl)
        {
            return null;
        }

        if (ExtensionTypes.IstioWithoutEffect.Contains(typeUrl) || IsSupported(config, typeUrl, context))
        {
            return typeUrl;
        }

        NoteUnknown(typeUrl, filter.IsOptional, context);
        return null;
    }

    /// <summary>Whether the type is known by name; notes what is wrong with its configuration, or what of it has no effect.</summary>
    private static bool IsSupported(Any config, string typeUrl, DecodeContext context)
    {
        if (!ExtensionTypes.IsPlain(config))
        {
            return false;
        }

        if (typeUrl == ExtensionTypes.Router)
        {
            ResourceReader.TryUnpack(config, Router.Parser, context, out _);
            return true;
        }

        if (typeUrl == ExtensionTypes.Fault)
        {
            if (ResourceReader.TryUnpack(config, HTTPFault.Parser, context, out var fault)
                && (fault.Delay is not null || fault.Abort is not null || fault.ResponseRateLimit is not null))
            {
                context.WarnNoEffect("injected faults", "");
            }

            return true;
        }

        if (typeUrl == ExtensionTypes.StatefulSession)
        {
            if (ResourceReader.TryUnpack(config, StatefulSession.Parser, context, out var session))
            {
                CheckSession(session, context);
            }

            return true;
        }

        if (typeUrl == ExtensionTypes.StatefulSessionPerRoute)
        {
            if (ResourceReader.TryUnpack(config, StatefulSessionPerRoute.Parser, context, out var session) && session.StatefulSession is not null)
            {
                CheckSession(session.StatefulSession, context);
            }

            return true;
        }

        // What a browser may do, and statistics of Envoy's own: nothing to carry out in a client.
        return typeUrl == ExtensionTypes.Cors || typeUrl == ExtensionTypes.CorsPolicy || typeUrl == ExtensionTypes.GrpcStats;
    }

    private static void CheckSession(StatefulSession session, DecodeContext context)
    {
        if (session.SessionState is not null)
        {
            context.Error("session_state", "session affinity is not supported in this version: leave it empty");
        }
    }

    private static void NoteUnknown(string typeUrl, bool isOptional, DecodeContext context)
    {
        if (isOptional)
        {
            context.WarnNoEffect($"optional filters of type '{typeUrl}'", "");
        }
        else
        {
            context.Error("", $"the filter type '{typeUrl}' is not supported: leave the filter out, or mark it is_optional if requests are safe without it (gRFC A39)");
        }
    }
}
