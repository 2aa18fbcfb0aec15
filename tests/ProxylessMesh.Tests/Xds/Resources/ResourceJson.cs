using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Cors.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.StatefulSession.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Envoy.Extensions.LoadBalancingPolicies.LeastRequest.V3;
using Envoy.Extensions.LoadBalancingPolicies.PickFirst.V3;
using Envoy.Extensions.LoadBalancingPolicies.RoundRobin.V3;
using Envoy.Extensions.LoadBalancingPolicies.WrrLocality.V3;
using Envoy.Extensions.TransportSockets.RawBuffer.V3;
using Envoy.Extensions.TransportSockets.Tls.V3;
using Envoy.Service.Discovery.V3;
using Envoy.Type.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>Resources written in proto JSON, so that a row of a table shows the field it is about.</summary>
internal static class ResourceJson
{
    /// <summary>Prefix of the type URLs in the tables.</summary>
    public const string Type = "type.googleapis.com/";

    public const string Router = $$"""{"name": "router", "typedConfig": {"@type": "{{Type}}envoy.extensions.filters.http.router.v3.Router"} }""";

    private static readonly string RecordedRoot = Path.Combine(AppContext.BaseDirectory, "data", "istiod");

    // PickFirst and Percent are types the decoders do not know, or do not expect where the tables put them.
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(
        HttpConnectionManager.Descriptor,
        Envoy.Extensions.Filters.Http.Router.V3.Router.Descriptor,
        HTTPFault.Descriptor,
        Envoy.Extensions.Filters.Http.LocalRatelimit.V3.LocalRateLimit.Descriptor,
        Envoy.Extensions.Filters.Http.Ratelimit.V3.RateLimit.Descriptor,
        Envoy.Extensions.Filters.Http.Ratelimit.V3.RateLimitPerRoute.Descriptor,
        Cors.Descriptor,
        Envoy.Extensions.Filters.Http.Cors.V3.CorsPolicy.Descriptor,
        Envoy.Extensions.Filters.Http.HeaderMutation.V3.HeaderMutation.Descriptor,
        Envoy.Extensions.Filters.Http.HeaderMutation.V3.HeaderMutationPerRoute.Descriptor,
        Envoy.Extensions.Filters.Http.HeaderToMetadata.V3.Config.Descriptor,
        StatefulSession.Descriptor,
        StatefulSessionPerRoute.Descriptor,
        Envoy.Config.Route.V3.FilterConfig.Descriptor,
        Envoy.Extensions.Path.Match.UriTemplate.V3.UriTemplateMatchConfig.Descriptor,
        Envoy.Extensions.Path.Rewrite.UriTemplate.V3.UriTemplateRewriteConfig.Descriptor,
        Envoy.Extensions.Filters.Http.GrpcStats.V3.FilterConfig.Descriptor,
        Envoy.Extensions.Retry.Host.PreviousHosts.V3.PreviousHostsPredicate.Descriptor,
        Envoy.Extensions.Retry.Host.OmitCanaryHosts.V3.OmitCanaryHostsPredicate.Descriptor,
        Envoy.Extensions.Retry.Priority.PreviousPriorities.V3.PreviousPrioritiesConfig.Descriptor,
        RoundRobin.Descriptor,
        LeastRequest.Descriptor,
        PickFirst.Descriptor,
        Envoy.Extensions.LoadBalancingPolicies.RingHash.V3.RingHash.Descriptor,
        Envoy.Extensions.LoadBalancingPolicies.Maglev.V3.Maglev.Descriptor,
        Envoy.Extensions.LoadBalancingPolicies.Random.V3.Random.Descriptor,
        WrrLocality.Descriptor,
        RawBuffer.Descriptor,
        UpstreamTlsContext.Descriptor,
        Udpa.Type.V1.TypedStruct.Descriptor,
        global::Xds.Type.V3.TypedStruct.Descriptor,
        Percent.Descriptor)));

    public static ByteString Listener(string json) => Parser.Parse<Listener>(json).ToByteString();

    public static ByteString Routes(string json) => Parser.Parse<RouteConfiguration>(json).ToByteString();

    public static ByteString Cluster(string json) => Parser.Parse<Cluster>(json).ToByteString();

    public static ByteString Endpoints(string json) => Parser.Parse<ClusterLoadAssignment>(json).ToByteString();

    /// <summary>The resources of a recorded response, as they stand in their <c>Any</c>.</summary>
    /// <param name="file">Below the directory of the recordings.</param>
    /// <param name="typeUrl">Only those of this type.</param>
    public static IReadOnlyList<ByteString> Recorded(string file, string? typeUrl = null)
    {
        var bytes = File.ReadAllBytes(Path.Combine(RecordedRoot, file));
        return [.. DiscoveryResponse.Parser.ParseFrom(bytes).Resources.Where(resource => typeUrl is null || resource.TypeUrl == typeUrl).Select(resource => resource.Value)];
    }

    /// <summary>Every recorded response of state of the world.</summary>
    public static IEnumerable<string> RecordedFiles() =>
        Directory.EnumerateFiles(RecordedRoot, "*.binpb", SearchOption.AllDirectories)
            .Select(static file => Path.GetRelativePath(RecordedRoot, file))
            .Where(static file => !Path.GetDirectoryName(file)!.EndsWith("-delta", StringComparison.Ordinal)) // those are responses of another kind
            .Order(StringComparer.Ordinal);
}
