using Envoy.Extensions.Filters.Http.Cors.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.LocalRatelimit.V3;
using Envoy.Extensions.Filters.Http.Ratelimit.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Http.StatefulSession.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Envoy.Extensions.LoadBalancingPolicies.LeastRequest.V3;
using Envoy.Extensions.LoadBalancingPolicies.Maglev.V3;
using Envoy.Extensions.LoadBalancingPolicies.RingHash.V3;
using Envoy.Extensions.LoadBalancingPolicies.RoundRobin.V3;
using Envoy.Extensions.LoadBalancingPolicies.WrrLocality.V3;
using Envoy.Extensions.Path.Match.UriTemplate.V3;
using Envoy.Extensions.Path.Rewrite.UriTemplate.V3;
using Envoy.Extensions.Retry.Host.OmitCanaryHosts.V3;
using Envoy.Extensions.Retry.Host.PreviousHosts.V3;
using Envoy.Extensions.Retry.Priority.PreviousPriorities.V3;
using Envoy.Extensions.TransportSockets.RawBuffer.V3;
using Envoy.Extensions.TransportSockets.Tls.V3;
using Envoy.Extensions.Upstreams.Http.V3;
using GrpcStats = Envoy.Extensions.Filters.Http.GrpcStats.V3.FilterConfig;
using RandomPolicy = Envoy.Extensions.LoadBalancingPolicies.Random.V3.Random;
using RouteFilterConfig = Envoy.Config.Route.V3.FilterConfig;

namespace ProxylessMesh.Xds.Resources;

/// <summary>The type URLs of the extensions known here. An extension is chosen by its type, never by its name: names are labels.</summary>
internal static class ExtensionTypes
{
    public static readonly string HttpConnectionManager = ResourceReader.TypeUrlOf<HttpConnectionManager>();

    public static readonly string Router = ResourceReader.TypeUrlOf<Router>();

    public static readonly string Fault = ResourceReader.TypeUrlOf<HTTPFault>();

    public static readonly string LocalRateLimit = ResourceReader.TypeUrlOf<LocalRateLimit>();

    public static readonly string RateLimit = ResourceReader.TypeUrlOf<RateLimit>();

    public static readonly string RateLimitPerRoute = ResourceReader.TypeUrlOf<RateLimitPerRoute>();

    public static readonly string Cors = ResourceReader.TypeUrlOf<Cors>();

    public static readonly string CorsPolicy = ResourceReader.TypeUrlOf<CorsPolicy>();

    public static readonly string HeaderMutation = ResourceReader.TypeUrlOf<Envoy.Extensions.Filters.Http.HeaderMutation.V3.HeaderMutation>();

    public static readonly string HeaderMutationPerRoute = ResourceReader.TypeUrlOf<Envoy.Extensions.Filters.Http.HeaderMutation.V3.HeaderMutationPerRoute>();

    public static readonly string HeaderToMetadata = ResourceReader.TypeUrlOf<Envoy.Extensions.Filters.Http.HeaderToMetadata.V3.Config>();

    public static readonly string GrpcStats = ResourceReader.TypeUrlOf<GrpcStats>();

    public static readonly string StatefulSession = ResourceReader.TypeUrlOf<StatefulSession>();

    public static readonly string StatefulSessionPerRoute = ResourceReader.TypeUrlOf<StatefulSessionPerRoute>();

    /// <summary>Wraps the configuration of a filter for a part of the routes.</summary>
    public static readonly string RouteFilterConfig = ResourceReader.TypeUrlOf<RouteFilterConfig>();

    public static readonly string RoundRobin = ResourceReader.TypeUrlOf<RoundRobin>();

    public static readonly string LeastRequest = ResourceReader.TypeUrlOf<LeastRequest>();

    public static readonly string RingHash = ResourceReader.TypeUrlOf<RingHash>();

    public static readonly string Maglev = ResourceReader.TypeUrlOf<Maglev>();

    public static readonly string Random = ResourceReader.TypeUrlOf<RandomPolicy>();

    public static readonly string WrrLocality = ResourceReader.TypeUrlOf<WrrLocality>();

    public static readonly string RawBuffer = ResourceReader.TypeUrlOf<RawBuffer>();

    public static readonly string UriTemplateMatch = ResourceReader.TypeUrlOf<UriTemplateMatchConfig>();

    public static readonly string UriTemplateRewrite = ResourceReader.TypeUrlOf<UriTemplateRewriteConfig>();

    public static readonly string PreviousPriorities = ResourceReader.TypeUrlOf<PreviousPrioritiesConfig>();

    public static readonly string PreviousHosts = ResourceReader.TypeUrlOf<PreviousHostsPredicate>();

    public static readonly string OmitCanaryHosts = ResourceReader.TypeUrlOf<OmitCanaryHostsPredicate>();

    public static readonly string OmitHostMetadata = ResourceTypes.Prefix + "envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig";

    public static readonly string UpstreamTls = ResourceReader.TypeUrlOf<UpstreamTlsContext>();

    public static readonly string HttpProtocolOptions = ResourceReader.TypeUrlOf<HttpProtocolOptions>();

    /// <summary>The last of a cluster's HTTP filters, which only ends the list.</summary>
    public static readonly string UpstreamCodec = ResourceTypes.Prefix + "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec";

    /// <summary>Envoy's ways to look names up. Here the process's own resolver does, whichever is asked for.</summary>
    public static readonly IReadOnlySet<string> DnsResolvers = new HashSet<string>(StringComparer.Ordinal)
    {
        ResourceTypes.Prefix + "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        ResourceTypes.Prefix + "envoy.extensions.network.dns_resolver.apple.v3.AppleDnsResolverConfig",
        ResourceTypes.Prefix + "envoy.extensions.network.dns_resolver.getaddrinfo.v3.GetAddrInfoDnsResolverConfig",
    };

    /// <summary>Istio's filters that deal with telemetry and with what Envoy puts on the wire; nothing is left of them in process.</summary>
    public static readonly IReadOnlySet<string> IstioWithoutEffect = new HashSet<string>(StringComparer.Ordinal)
    {
        ResourceTypes.Prefix + "io.istio.http.peer_metadata.Config",
        ResourceTypes.Prefix + "stats.PluginConfig",
        ResourceTypes.Prefix + "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
        ResourceTypes.Prefix + "envoy.tcp.metadataexchange.config.MetadataExchange",
    };

    private static readonly string XdsTypedStruct = ResourceReader.TypeUrlOf<global::Xds.Type.V3.TypedStruct>();

    private static readonly string UdpaTypedStruct = ResourceReader.TypeUrlOf<Udpa.Type.V1.TypedStruct>();

    /// <summary>The type an extension is of: that of its configuration, or the one a <c>TypedStruct</c> names.</summary>
    /// <returns><see langword="null"/>, and an error noted, when a <c>TypedStruct</c> cannot be parsed.</returns>
    public static string? Resolve(Google.Protobuf.WellKnownTypes.Any config, DecodeContext context)
    {
        if (config.TypeUrl == XdsTypedStruct)
        {
            return ResourceReader.TryUnpack(config, global::Xds.Type.V3.TypedStruct.Parser, context, out var typed) ? typed.TypeUrl : null;
        }

        if (config.TypeUrl == UdpaTypedStruct)
        {
            return ResourceReader.TryUnpack(config, Udpa.Type.V1.TypedStruct.Parser, context, out var typed) ? typed.TypeUrl : null;
        }

        return config.TypeUrl;
    }

    /// <summary>What a <c>TypedStruct</c> holds.</summary>
    /// <returns><see langword="null"/>, and an error noted, when it cannot be parsed.</returns>
    public static Google.Protobuf.WellKnownTypes.Struct? StructOf(Google.Protobuf.WellKnownTypes.Any config, DecodeContext context)
    {
        if (config.TypeUrl == XdsTypedStruct)
        {
            return ResourceReader.TryUnpack(config, global::Xds.Type.V3.TypedStruct.Parser, context, out var typed) ? typed.Value ?? new() : null;
        }

        return ResourceReader.TryUnpack(config, Udpa.Type.V1.TypedStruct.Parser, context, out var older) ? older.Value ?? new() : null;
    }

    /// <summary>Whether the extension is a message of that type itself: a <c>TypedStruct</c> of the same type has no such bytes.</summary>
    public static bool IsPlain(Google.Protobuf.WellKnownTypes.Any config) => config.TypeUrl != XdsTypedStruct && config.TypeUrl != UdpaTypedStruct;
}
