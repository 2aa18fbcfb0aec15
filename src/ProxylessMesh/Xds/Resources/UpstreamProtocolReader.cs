using Envoy.Config.Cluster.V3;
using Envoy.Extensions.Upstreams.Http.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads the HTTP version towards a cluster: <c>HttpProtocolOptions</c> if given, else the older fields of the cluster.</summary>
internal static class UpstreamProtocolReader
{
    public static UpstreamProtocol Read(Cluster cluster, DecodeContext context)
    {
        UpstreamProtocol? protocol = null;

        // In the order of their names: a map has none, and errors should not come in another order each time.
        foreach (var (name, config) in cluster.TypedExtensionProtocolOptions.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            using var scope = context.Enter("typed_extension_protocol_options", name);
            if (config.TypeUrl != ExtensionTypes.HttpProtocolOptions)
            {
                context.Error("", $"the type '{config.TypeUrl}' is not supported: give an HttpProtocolOptions");
            }
            else if (ResourceReader.TryUnpack(config, HttpProtocolOptions.Parser, context, out var options))
            {
                protocol = Read(options, context);
            }
        }

        return protocol ?? ReadOlder(cluster, context);
    }

    private static UpstreamProtocol ReadOlder(Cluster cluster, DecodeContext context)
    {
        if (cluster.CommonHttpProtocolOptions is not null || cluster.MaxRequestsPerConnection is not null)
        {
            context.WarnNoEffect("options of connections", cluster.CommonHttpProtocolOptions is not null ? "common_http_protocol_options" : "max_requests_per_connection");
        }

        if (cluster.ProtocolSelection == Cluster.Types.ClusterProtocolSelection.UseDownstreamProtocol)
        {
            return UpstreamProtocol.AsRequested;
        }

        return cluster.Http2ProtocolOptions is not null ? UpstreamProtocol.Http2
            : cluster.HttpProtocolOptions is not null ? UpstreamProtocol.Http1
            : UpstreamProtocol.Unset;
    }

    private static UpstreamProtocol? Read(HttpProtocolOptions options, DecodeContext context)
    {
        CheckFilters(options, context);
        if (options.CommonHttpProtocolOptions is not null)
        {
            context.WarnNoEffect("options of connections", "common_http_protocol_options");
        }

        if (options.RetryPolicy is not null || options.RequestMirrorPolicies.Count > 0 || options.HashPolicy.Count > 0)
        {
            context.WarnNoEffect("policies of a cluster for its routes", "");
        }

        switch (options.UpstreamProtocolOptionsCase)
        {
            case HttpProtocolOptions.UpstreamProtocolOptionsOneofCase.ExplicitHttpConfig:
                using (context.Enter("explicit_http_config"))
                {
                    return Read(options.ExplicitHttpConfig, context);
                }

            case HttpProtocolOptions.UpstreamProtocolOptionsOneofCase.UseDownstreamProtocolConfig:
                return UpstreamProtocol.AsRequested;

            case HttpProtocolOptions.UpstreamProtocolOptionsOneofCase.AutoConfig:
                // What TLS negotiates decides; plaintext negotiates nothing and is HTTP/1.1 ("Envoy: AutoHttpConfig").
                return UpstreamProtocol.Http1;

            default:
                context.Error("upstream_protocol_options", "must be one of 'explicit_http_config', 'use_downstream_protocol_config' and 'auto_config'");
                return null;
        }
    }

    private static UpstreamProtocol? Read(HttpProtocolOptions.Types.ExplicitHttpConfig config, DecodeContext context)
    {
        switch (config.ProtocolConfigCase)
        {
            case HttpProtocolOptions.Types.ExplicitHttpConfig.ProtocolConfigOneofCase.HttpProtocolOptions:
                return UpstreamProtocol.Http1;

            case HttpProtocolOptions.Types.ExplicitHttpConfig.ProtocolConfigOneofCase.Http2ProtocolOptions:
                return UpstreamProtocol.Http2;

            case HttpProtocolOptions.Types.ExplicitHttpConfig.ProtocolConfigOneofCase.Http3ProtocolOptions:
                context.Error("http3_protocol_options", "is not supported: give 'http_protocol_options' or 'http2_protocol_options'");
                return null;

            default:
                context.Error("protocol_config", "must be one of 'http_protocol_options' and 'http2_protocol_options'");
                return null;
        }
    }

    /// <summary>Filters of the cluster could be security, as those of a listener: none is carried out.</summary>
    private static void CheckFilters(HttpProtocolOptions options, DecodeContext context)
    {
        for (var i = 0; i < options.HttpFilters.Count; i++)
        {
            using var scope = context.Enter("http_filters", i);
            var filter = options.HttpFilters[i];
            var typeUrl = filter.TypedConfig is null ? "" : ExtensionTypes.Resolve(filter.TypedConfig, context);
            if (typeUrl is null || filter.Disabled || typeUrl == ExtensionTypes.UpstreamCodec || ExtensionTypes.IstioWithoutEffect.Contains(typeUrl))
            {
                continue;
            }

            if (filter.IsOptional)
            {
                context.WarnNoEffect($"optional filters of type '{typeUrl}'", "");
            }
            else
            {
                context.Error("", $"the filter type '{typeUrl}' is not supported: leave the filter out, or mark it is_optional if requests are safe without it (gRFC A39)");
            }
        }
    }
}
