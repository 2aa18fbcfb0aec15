using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Benchmarks.Policy;

/// <summary>One service for each policy, each with one route and one endpoint; <c>plain</c> has none and <c>all</c> has all of them.</summary>
internal static class PolicyRoutes
{
    private const string Cluster = "c";
    private const string Retry = """ "retryPolicy": { "retryOn": "5xx,reset,connect-failure,refused-stream,unavailable", "numRetries": 2 } """;
    private const string TimedRetry = """ "retryPolicy": { "retryOn": "5xx,reset,connect-failure,refused-stream,unavailable", "numRetries": 2, "perTryTimeout": "2s" } """;
    private const string Mirror = """ "requestMirrorPolicies": [{ "cluster": "c", "runtimeFraction": { "defaultValue": { "numerator": 0 } } }] """;

    private const string Fault = """
        { "name": "fault", "typedConfig": { "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
          "abort": { "httpStatus": 503, "percentage": { "numerator": 0 } }, "delay": { "fixedDelay": "1s", "percentage": { "numerator": 0 } } } },
        """;

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(HTTPFault.Descriptor, Router.Descriptor)));

    private static readonly (string Name, string Filters, string Action, bool IsLimited)[] Services =
    [
        ("plain", "", "", false),
        ("retry", "", Retry, false),
        ("retry-per-try-timeout", "", TimedRetry, false),
        ("fault", Fault, "", false),
        ("rate-limit", "", "", true),
        ("mirror", "", Mirror, false),
        ("all", Fault, $"{TimedRetry}, {Mirror}", true),
    ];

    public static IEnumerable<IMessage> Resources() =>
    [
        .. Services.Select(static service => Listener(service.Name, service.Filters, service.Action, service.IsLimited)),
        new Cluster
        {
            Name = Cluster,
            Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = new ConfigSource { Ads = new AggregatedConfigSource() } },
        },
        JsonParser.Default.Parse<ClusterLoadAssignment>($$"""
            { "clusterName": "{{Cluster}}", "endpoints": [{ "locality": { "region": "eu" }, "loadBalancingWeight": 1,
              "lbEndpoints": [{ "endpoint": { "address": { "socketAddress": { "address": "127.0.0.1", "portValue": 1 } } } }] }] }
            """),
    ];

    private static Listener Listener(string name, string filters, string action, bool isLimited)
    {
        var manager = Parser.Parse<HttpConnectionManager>($$"""
            { "httpFilters": [ {{filters}} { "name": "router", "typedConfig": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } } ],
              "routeConfig": { "name": "{{name}}", "virtualHosts": [{ "name": "{{name}}", "domains": ["*"],
                "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "{{Cluster}}", "timeout": "0s" {{(action.Length > 0 ? "," : "")}} {{action}} } }] }] } }
            """);
        if (isLimited)
        {
            manager.HttpFilters.Insert(0, RateLimit());
        }

        return new Listener { Name = name, ApiListener = new ApiListener { ApiListener_ = Any.Pack(manager) } };
    }

    /// <summary>
    /// A token bucket that is never empty, written field by field (<c>envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit</c>). Optional: a mesh that
    /// does not know the filter leaves it out.
    /// </summary>
    private static HttpFilter RateLimit()
    {
        const uint Tokens = 1_000_000_000;
        var count = new UInt32Value { Value = Tokens };
        var fraction = Bytes(output => output.WriteUInt32Field(1, 100));
        var always = Bytes(output => output.WriteBytesField(1, fraction));
        var bucket = Bytes(output =>
        {
            output.WriteUInt32Field(1, Tokens);
            output.WriteBytesField(2, count.ToByteString());
            output.WriteBytesField(3, Duration.FromTimeSpan(TimeSpan.FromMilliseconds(50)).ToByteString());
        });
        var limit = Bytes(output =>
        {
            output.WriteBytesField(1, ByteString.CopyFromUtf8("idle"));
            output.WriteBytesField(3, bucket);
            output.WriteBytesField(4, always);
            output.WriteBytesField(5, always);
        });
        return new HttpFilter
        {
            Name = "limit",
            IsOptional = true,
            TypedConfig = new Any { TypeUrl = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", Value = limit },
        };
    }

    private static ByteString Bytes(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            write(output);
        }

        return ByteString.CopyFrom(stream.ToArray());
    }

    private static void WriteUInt32Field(this CodedOutputStream output, int field, uint value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt32(value);
    }

    private static void WriteBytesField(this CodedOutputStream output, int field, ByteString value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(value);
    }
}
