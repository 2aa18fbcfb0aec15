using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
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

            if (ReadFilter(filter, context) is not { } found || (found.IsDisabled && found.TypeUrl == ExtensionTypes.Router))
            {
                continue;
            }

            if (hasRouter)
            {
                context.Error("", "must not come after the router: the router is the last filter, and the only one of its type (gRFC A39)");
            }

            if (found.TypeUrl == ExtensionTypes.Router)
            {
                hasRouter = true;
            }
            else
            {
                read.Add(found);
            }
        }

        if (!hasRouter)
        {
            context.Error("http_filters", "must end with the router (gRFC A39)");
        }

        return read.ToImmutable();
    }

    /// <summary>Reads the filter configurations given for a part of the routes (<c>typed_per_filter_config</c>).</summary>
    public static FilterOverridesConfig ReadOverrides(MapField<string, Any> overrides, DecodeContext context)
    {
        if (overrides.Count == 0)
        {
            return FilterOverridesConfig.None;
        }

        // In the order of their names: a map has none, and errors should not come in another order each time.
        var read = ImmutableDictionary.CreateBuilder<string, FilterOverrideConfig>(StringComparer.Ordinal);
        foreach (var (name, config) in overrides.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            using var scope = context.Enter("typed_per_filter_config", name);
            if (ReadOverride(name, config, context) is { } found)
            {
                read.Add(name, found);
            }
        }

        return new FilterOverridesConfig(read.ToImmutable());
    }

    private static FilterOverrideConfig? ReadOverride(string name, Any config, DecodeContext context)
    {
        var isOptional = false;
        if (config.TypeUrl == ExtensionTypes.RouteFilterConfig)
        {
            if (!ResourceReader.TryUnpack(config, Envoy.Config.Route.V3.FilterConfig.Parser, context, out var wrapper))
            {
                return null;
            }

            if (wrapper.Disabled || wrapper.Config is null)
            {
                if (!wrapper.Disabled)
                {
                    context.Error("config", "must be set");
                }

                return new FilterOverrideConfig(null, wrapper.Disabled);
            }

            isOptional = wrapper.IsOptional;
            config = wrapper.Config;
        }

        return TryReadConfig(name, config, isOptional, FilterTypes.Overrides, context, out var read, out _) ? new FilterOverrideConfig(read, IsDisabled: false) : null;
    }

    /// <returns>The filter, or <see langword="null"/> when it is left out.</returns>
    private static HttpFilterConfig? ReadFilter(HttpFilter filter, DecodeContext context)
    {
        if (filter.ConfigTypeCase != HttpFilter.ConfigTypeOneofCase.TypedConfig)
        {
            NoteUnknown(filter.ConfigTypeCase == HttpFilter.ConfigTypeOneofCase.ConfigDiscovery ? "config_discovery (ECDS)" : "", filter.IsOptional || filter.Disabled, context);
            return null;
        }

        using var scope = context.Enter("typed_config");

        // One that is off does no harm; a route that would switch it on has to give it a configuration, which is looked at then.
        return TryReadConfig(filter.Name, filter.TypedConfig, filter.IsOptional || filter.Disabled, FilterTypes.Filters, context, out var config, out var typeUrl)
            ? new HttpFilterConfig(filter.Name, typeUrl) { Config = config, IsDisabled = filter.Disabled }
            : null;
    }

    /// <returns>Whether it is known; then <paramref name="config"/> is what it does, or <see langword="null"/> where it has no effect in process.</returns>
    private static bool TryReadConfig(
        string name, Any any, bool isOptional, IReadOnlyDictionary<string, FilterConfigReader> readers, DecodeContext context, out FilterConfig? config, [NotNullWhen(true)] out string? typeUrl)
    {
        config = null;
        typeUrl = ExtensionTypes.Resolve(any, context);
        if (typeUrl is null)
        {
            return false; // the error is noted
        }

        if (ExtensionTypes.IstioWithoutEffect.Contains(typeUrl))
        {
            return true;
        }

        if (ExtensionTypes.IsPlain(any) && readers.TryGetValue(typeUrl, out var reader))
        {
            config = reader(any, Fingerprint(any), context);
            return true;
        }

        if (context.CustomFilters.Find(typeUrl) is { } factory)
        {
            config = CustomFilterReader.Read(name, any, typeUrl, factory, Fingerprint(any), context);
            return true;
        }

        NoteUnknown(typeUrl, isOptional, context);
        return false;
    }

    private static string Fingerprint(Any any) => Convert.ToHexStringLower(SHA256.HashData(any.Value.Span));

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
