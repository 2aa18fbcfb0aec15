using System.Collections.Immutable;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.LocalRatelimit.V3;
using Envoy.Extensions.Filters.Http.Ratelimit.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using ProxylessMesh.ControlPlane.Model;
using RateLimitFilter = Envoy.Extensions.Filters.Http.Ratelimit.V3.RateLimit;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Reads the spec of an EnvoyFilter as far as it configures local or global rate limits. All else that an EnvoyFilter can do is an error:
/// a patch that is not carried out would leave the mesh other than its author thinks it is.
/// </summary>
internal static class EnvoyFilterReader
{
    private const string OnlyRateLimits = "an EnvoyFilter may only configure rate limits here";
    private const string ConnectionManager = "envoy.filters.network.http_connection_manager";

    public static EnvoyFilter Read(ResourceIdentity identity, FieldReader spec)
    {
        var patches = ImmutableArray.CreateBuilder<EnvoyPatch>();
        var filter = new EnvoyFilter { Identity = identity, Workloads = SelectorReader.Read(spec), Priority = spec.Integer("priority", int.MinValue, int.MaxValue) ?? 0 };
        spec.Objects("configPatches", entry =>
        {
            if (ReadPatch(entry) is { } patch)
            {
                patches.Add(patch);
            }

            return entry;
        });
        spec.Finish("targetRefs");
        if (!spec.Has("configPatches"))
        {
            spec.Error("configPatches", "must list at least one patch");
        }

        return filter with { Patches = patches.ToImmutable() };
    }

    private static EnvoyPatch? ReadPatch(FieldReader entry)
    {
        var applyTo = entry.RequiredString("applyTo");
        var match = entry.Object("match", ReadMatch) ?? EnvoyMatch.Any;
        entry.Required("patch");
        var patch = entry.Object("patch", fields => ReadChange(applyTo, match, fields));
        entry.Finish();
        CheckMatch(applyTo, match, entry);
        if (match.IsOfReceiver)
        {
            entry.Warning("match", $"{match.Context} is not about calls that a client makes; this patch has no effect");
            return null;
        }

        return patch is null ? null : patch with { Port = match.Port, VirtualHostName = match.VirtualHost, RouteName = match.Route };
    }

    private static EnvoyPatch? ReadChange(string applyTo, EnvoyMatch match, FieldReader patch)
    {
        var operation = patch.RequiredString("operation");
        patch.Required("value");
        var change = applyTo switch
        {
            "HTTP_FILTER" => ReadFilter(operation, match, patch),
            "HTTP_ROUTE" => Merged(EnvoyPatchTarget.Route, operation, patch, fields => ReadRoute(fields)),
            "VIRTUAL_HOST" => Merged(EnvoyPatchTarget.VirtualHost, operation, patch, fields => ReadVirtualHost(fields)),
            "CLUSTER" => ReadCluster(operation, patch),
            "" => null,
            _ => Unsupported(applyTo, patch),
        };
        patch.Accept("value", "filterClass");
        patch.Finish();
        return change;
    }

    private static EnvoyPatch? Unsupported(string applyTo, FieldReader patch)
    {
        var path = patch.Path[..patch.Path.LastIndexOf('.')];
        patch.Error(
            patch.Self with { Path = $"{path}.applyTo" },
            $"{applyTo} is not supported: {OnlyRateLimits}, by HTTP_FILTER, HTTP_ROUTE, VIRTUAL_HOST or CLUSTER; say it by a VirtualService or a DestinationRule, or remove the patch");
        return null;
    }

    private static EnvoyPatch? ReadFilter(string operation, EnvoyMatch match, FieldReader patch)
    {
        var isAnchored = operation is "INSERT_BEFORE" or "INSERT_AFTER";
        if (!isAnchored && operation is not ("INSERT_FIRST" or ""))
        {
            patch.Error("operation", $"{operation} is not supported for HTTP_FILTER; use INSERT_BEFORE, INSERT_AFTER or INSERT_FIRST");
        }

        if (isAnchored && match.SubFilter is null)
        {
            patch.Error("operation", $"{operation} needs a filter to stand beside; name it in match.listener.filterChain.filter.subFilter.name, such as envoy.filters.http.router");
        }

        var filter = patch.Object("value", value =>
        {
            var result = new HttpFilter { Name = value.RequiredString("name"), IsOptional = value.Boolean("is_optional"), Disabled = value.Boolean("disabled") };
            result.TypedConfig = ProtoReader.ReadAny(value, "typed_config", LocalRateLimit.Descriptor, RateLimitFilter.Descriptor);
            value.Finish();
            return result;
        });
        return filter is null ? null : new EnvoyPatch(EnvoyPatchTarget.HttpFilter, filter)
        {
            Anchor = isAnchored ? match.SubFilter : null,
            IsAfterAnchor = operation == "INSERT_AFTER",
        };
    }

    private static EnvoyPatch? Merged(EnvoyPatchTarget target, string operation, FieldReader patch, Func<FieldReader, IMessage?> read)
    {
        if (operation is not ("MERGE" or ""))
        {
            patch.Error("operation", $"{operation} is not supported here; use MERGE");
        }

        IMessage? message = null;
        patch.Object("value", value =>
        {
            message = read(value);
            return value;
        });
        return message is null ? null : new EnvoyPatch(target, message);
    }

    private static Route ReadRoute(FieldReader value)
    {
        var route = new Route();
        foreach (var (name, config) in ReadOverrides(value))
        {
            route.TypedPerFilterConfig.Add(name, config);
        }

        value.Object("route", action =>
        {
            route.Route_ = ReadLimits<RouteAction>(action, "rate_limits", "include_vh_rate_limits");
            return action;
        });
        Finish(value);
        return route;
    }

    private static VirtualHost ReadVirtualHost(FieldReader value)
    {
        var host = new VirtualHost();
        foreach (var (name, config) in ReadOverrides(value))
        {
            host.TypedPerFilterConfig.Add(name, config);
        }

        if (value.Has("rate_limits"))
        {
            host.MergeFrom(ReadLimits<VirtualHost>(value, "rate_limits"));
        }

        Finish(value);
        return host;
    }

    /// <summary>The fields of a message that are about rate limits, and no others.</summary>
    private static T ReadLimits<T>(FieldReader owner, params ReadOnlySpan<string> keys)
        where T : class, IMessage<T>, new()
    {
        var message = ProtoReader.ReadFields<T>(owner, keys);
        if (typeof(T) != typeof(VirtualHost))
        {
            Finish(owner);
        }

        return message;
    }

    private static List<(string Name, Google.Protobuf.WellKnownTypes.Any Config)> ReadOverrides(FieldReader value)
    {
        var overrides = new List<(string, Google.Protobuf.WellKnownTypes.Any)>();
        value.Object("typed_per_filter_config", configs =>
        {
            foreach (var name in configs.Entries.Select(entry => entry.Key).Distinct(StringComparer.Ordinal))
            {
                if (ProtoReader.ReadAny(configs, name, LocalRateLimit.Descriptor, RateLimitPerRoute.Descriptor) is { } config)
                {
                    overrides.Add((name, config));
                }
            }

            return configs;
        });
        return overrides;
    }

    private static EnvoyPatch? ReadCluster(string operation, FieldReader patch)
    {
        if (operation is not ("ADD" or ""))
        {
            patch.Error("operation", $"{operation} is not supported for CLUSTER; use ADD, for the rate limit service's own, and a DestinationRule for others");
        }

        if (ProtoReader.Read<Cluster>(patch, "value") is not { } cluster)
        {
            return null;
        }

        if (cluster.Name.Length == 0)
        {
            patch.Error("value", "must have a name");
        }

        return new EnvoyPatch(EnvoyPatchTarget.Cluster, cluster);
    }

    private static EnvoyMatch ReadMatch(FieldReader match)
    {
        var context = match.String("context") ?? "ANY";
        if (context is not ("ANY" or "SIDECAR_OUTBOUND" or "SIDECAR_INBOUND" or "GATEWAY"))
        {
            match.Error("context", $"must be one of ANY, SIDECAR_OUTBOUND, SIDECAR_INBOUND, GATEWAY, not '{context}'");
        }

        var listener = match.Object("listener", ReadListener);
        var routes = match.Object("routeConfiguration", ReadRoutes);
        match.Accept("cluster");
        match.Finish("proxy");
        return (listener ?? routes ?? EnvoyMatch.Any) with { Context = context, HasListener = listener is not null, HasRoutes = routes is not null, HasCluster = match.Has("cluster") };
    }

    private static EnvoyMatch ReadListener(FieldReader listener)
    {
        var port = listener.Port("portNumber");
        string? anchor = null;
        listener.Object("filterChain", chain =>
        {
            chain.Object("filter", filter =>
            {
                if (filter.String("name") is not (null or ConnectionManager))
                {
                    filter.Error("name", $"must be {ConnectionManager}, which holds the HTTP filters");
                }

                anchor = filter.Object("subFilter", sub =>
                {
                    var name = sub.RequiredString("name");
                    sub.Finish();
                    return name;
                });
                filter.Finish();
                return filter;
            });
            chain.Finish("name", "sni", "transportProtocol", "applicationProtocols", "destinationPort");
            return chain;
        });
        listener.Finish("name", "portName", "listenerFilter");
        return EnvoyMatch.Any with { Port = port, SubFilter = anchor };
    }

    private static EnvoyMatch ReadRoutes(FieldReader routes)
    {
        string? host = null;
        string? route = null;
        var port = routes.Port("portNumber");
        routes.Object("vhost", virtualHost =>
        {
            host = virtualHost.String("name");
            virtualHost.Object("route", fields =>
            {
                route = fields.String("name");
                if (fields.String("action") is not (null or "ANY" or "ROUTE"))
                {
                    fields.Error("action", "must be ANY or ROUTE: what is answered locally has no rate limits");
                }

                fields.Finish();
                return fields;
            });
            virtualHost.Finish("domainName");
            return virtualHost;
        });
        routes.Finish("name", "portName", "gateway");
        return EnvoyMatch.Any with { Port = port, VirtualHost = host, Route = route };
    }

    private static void CheckMatch(string applyTo, EnvoyMatch match, FieldReader entry)
    {
        var wrong = applyTo switch
        {
            "HTTP_FILTER" when match.HasRoutes || match.HasCluster => "listener",
            "HTTP_ROUTE" or "VIRTUAL_HOST" when match.HasListener || match.HasCluster => "routeConfiguration",
            "CLUSTER" when match.HasListener || match.HasRoutes || match.HasCluster => "context",
            _ => null,
        };
        if (wrong is not null)
        {
            entry.Error("match", $"of {applyTo} may only hold context{(wrong == "context" ? "" : $" and {wrong}")} here");
        }
    }

    private static void Finish(FieldReader value)
        => value.FinishOr($"is not supported: {OnlyRateLimits}; say it by a VirtualService, or remove it");

    /// <summary>What a patch is for.</summary>
    private sealed record EnvoyMatch
    {
        public static readonly EnvoyMatch Any = new();

        public string Context { get; init; } = "ANY";

        public bool IsOfReceiver => Context is "SIDECAR_INBOUND" or "GATEWAY";

        public bool HasListener { get; init; }

        public bool HasRoutes { get; init; }

        public bool HasCluster { get; init; }

        public int? Port { get; init; }

        public string? SubFilter { get; init; }

        public string? VirtualHost { get; init; }

        public string? Route { get; init; }
    }
}
