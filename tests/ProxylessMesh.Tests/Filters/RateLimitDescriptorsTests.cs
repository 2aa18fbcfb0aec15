using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Messages;
using ProxylessMesh.Tests.Xds.Resources;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Filters;

/// <summary>What requests are counted as: one row for each rule of <c>config.route.v3.RateLimit</c>.</summary>
public sealed class RateLimitDescriptorsTests
{
    private const string User = """ {"requestHeaders": {"headerName": "X-User", "descriptorKey": "user"}} """;
    private const string OptionalUser = """ {"requestHeaders": {"headerName": "x-user", "descriptorKey": "user", "skipIfAbsent": true}} """;
    private const string Generic = """ {"genericKey": {"descriptorValue": "g"}} """;

    private static readonly RateLimitOrigin Origin = new("me", "10.1.2.3");

    /// <summary>Each row: the actions, the value of x-user, the query, and the entries; empty for no descriptor.</summary>
    public static TheoryData<string, string?, string, string> Rules => new()
    {
        { Generic, null, "", "generic_key=g" },
        { """ {"genericKey": {"descriptorKey": "k", "descriptorValue": "g"}} """, null, "", "k=g" },
        { User, "bob", "", "user=bob" },
        { User, " bob ", "", "user=bob" },
        { User, null, "", "" },
        { $"{User}, {Generic}", null, "", "" },
        { $"{Generic}, {User}", "eve", "", "generic_key=g user=eve" },
        { $"{OptionalUser}, {Generic}", null, "", "generic_key=g" },
        { OptionalUser, null, "", "" },
        { """ {"requestHeaders": {"headerName": ":path", "descriptorKey": "path"}} """, null, "?a=1", "path=/x?a=1" },
        { """ {"requestHeaders": {"headerName": ":method", "descriptorKey": "m"}} """, null, "", "m=GET" },
        { """ {"requestHeaders": {"headerName": ":authority", "descriptorKey": "h"}} """, null, "", "h=orders" },
        { """ {"sourceCluster": {}}, {"destinationCluster": {}} """, null, "", "source_cluster=me destination_cluster=up" },
        { """ {"remoteAddress": {}} """, null, "", "remote_address=10.1.2.3" },
        { """ {"maskedRemoteAddress": {}} """, null, "", "masked_remote_address=10.1.2.3/32" },
        { """ {"maskedRemoteAddress": {"v4PrefixMaskLen": 12}} """, null, "", "masked_remote_address=10.0.0.0/12" },
        { """ {"maskedRemoteAddress": {"v4PrefixMaskLen": 0}} """, null, "", "masked_remote_address=0.0.0.0/0" },
        { """ {"headerValueMatch": {"descriptorValue": "yes", "headers": [{"name": "x-user", "stringMatch": {"exact": "bob"}}]}} """, "bob", "", "header_match=yes" },
        { """ {"headerValueMatch": {"descriptorValue": "yes", "headers": [{"name": "x-user", "stringMatch": {"exact": "bob"}}]}} """, "eve", "", "" },
        { """ {"headerValueMatch": {"descriptorKey": "k", "descriptorValue": "no", "expectMatch": false, "headers": [{"name": "x-user", "stringMatch": {"exact": "bob"}}]}} """, "eve", "", "k=no" },
        { """ {"headerValueMatch": {"descriptorValue": "no", "expectMatch": false, "headers": [{"name": "x-user", "presentMatch": true}]}} """, null, "", "header_match=no" },
        { """ {"queryParameterValueMatch": {"descriptorValue": "q", "queryParameters": [{"name": "a", "stringMatch": {"exact": "1 2"}}]}} """, null, "?a=1%202", "query_match=q" },
        { """ {"queryParameterValueMatch": {"descriptorValue": "q", "queryParameters": [{"name": "a", "stringMatch": {"exact": "1"}}]}} """, null, "?a=2", "" },
        { """ {"queryParameterValueMatch": {"descriptorKey": "k", "descriptorValue": "q", "expectMatch": false, "queryParameters": [{"name": "a", "presentMatch": true}]}} """, null, "?b", "k=q" },
        { """ {"queryParameters": {"queryParameterName": "a", "descriptorKey": "k"}} """, null, "?b=1&a=%41", "k=A" },
        { """ {"queryParameters": {"queryParameterName": "a", "descriptorKey": "k"}} """, null, "?b=1", "" },
        { $$$""" {"queryParameters": {"queryParameterName": "a", "descriptorKey": "k", "skipIfAbsent": true}}, {{{Generic}}} """, null, "", "generic_key=g" },
        { Metadata("f", "x"), null, "", "m=noted" },
        { Metadata("f", "deep", "er"), null, "", "m=below" },
        { Metadata("f", "number"), null, "", "" },
        { Metadata("f", "none"), null, "", "" },
        { Metadata("f", "none").Replace("\"metadataKey\"", "\"defaultValue\": \"d\", \"metadataKey\"", StringComparison.Ordinal), null, "", "m=d" },
        { $"{Metadata("f", "none").Replace("\"metadataKey\"", "\"skipIfAbsent\": true, \"metadataKey\"", StringComparison.Ordinal)}, {Generic}", null, "", "generic_key=g" },
        { Metadata("f", "x").Replace("\"metadata\"", "\"dynamicMetadata\"", StringComparison.Ordinal), null, "", "m=noted" },
        { Metadata("r", "k").Replace("\"metadataKey\"", "\"source\": \"ROUTE_ENTRY\", \"metadataKey\"", StringComparison.Ordinal), null, "", "m=of the route" },
        { Metadata("r", "k"), null, "", "" },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Write_EachRule_GivesTheEntries(string actions, string? user, string query, string expected)
    {
        var routes = Decode(actions);
        using var message = new HttpRequestMessage(HttpMethod.Get, $"http://orders/x{query}");
        if (user is not null)
        {
            message.Headers.TryAddWithoutValidation("x-user", user);
        }

        var metadata = RequestMetadata.For(message);
        metadata.Set("f", "x", "noted");
        metadata.Set("f", "number", 1);
        metadata.Set("f", "deep", new JsonObject { ["er"] = "below" });
        var route = routes.VirtualHosts[0].Routes[0];
        var limit = ((ForwardActionConfig)route.Action).RateLimits.Single();
        var request = new FilterRequest(message, new FilterRoute { RateLimits = new RouteRateLimits([limit], [], false, route.Metadata) }, "orders", null) { ClusterName = "up" };
        var entries = new DescriptorEntry[limit.Actions.Length];

        var count = RateLimitDescriptors.Write(limit, in request, Origin, entries);

        Assert.Equal(expected, string.Join(' ', entries.Take(count).Select(static entry => $"{entry.Key}={entry.Value}")));
    }

    /// <summary>Each row: the process's node ID, and its address to limits; it may be a name, which has no network.</summary>
    [Theory]
    [InlineData("sidecar~10.1.2.3~pod.ns~ns.svc.cluster.local", "10.1.2.3", "10.1.2.0/24")]
    [InlineData("sidecar~2001:db8:1:2::3~pod.ns~ns.svc.cluster.local", "2001:db8:1:2::3", "2001:db8::/32")]
    [InlineData("node-7", "node-7", "")]
    [InlineData("", "machine", "")]
    public void Origin_OfNodeId_IsItsAddressOrName(string nodeId, string address, string network)
    {
        var origin = RateLimitOrigin.Of("", nodeId, "machine");
        using var message = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        var request = new FilterRequest(message, new FilterRoute(), "orders", null);
        var entries = new DescriptorEntry[1];

        var count = RateLimitDescriptors.Write(new RateLimitConfig([new MaskedAddressActionConfig(24, 32)]), in request, origin, entries);

        Assert.Equal(address, origin.Address);
        Assert.Equal(network, count == 0 ? "" : entries[0].Value);
        Assert.Equal(0, RateLimitDescriptors.Write(new RateLimitConfig([new SourceClusterActionConfig()]), in request, origin, entries));
    }

    /// <summary>Each row: what filters have noted, and the limit that is sent along.</summary>
    [Theory]
    [InlineData("""{"requests_per_unit": 42, "unit": "HOUR"}""", "42 Hour")]
    [InlineData("""{"requests_per_unit": 42, "unit": "century"}""", "")]
    [InlineData("""{"requests_per_unit": 42}""", "")]
    [InlineData("""{"requests_per_unit": -1, "unit": "HOUR"}""", "")]
    [InlineData("""{"requests_per_unit": "42", "unit": "HOUR"}""", "")]
    public void OverrideOf_Metadata_IsSentAlongWhereItIsOne(string noted, string expected)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        RequestMetadata.For(message).Set("f", "limit", JsonNode.Parse(noted));

        var found = RateLimitDescriptors.OverrideOf(new RateLimitConfig([]) { LimitOverride = new MetadataPathConfig("f", ["limit"]) }, message);

        Assert.Equal(expected, found is null ? "" : $"{found.RequestsPerUnit} {found.Unit}");
    }

    /// <summary>Each row: whether the route has limits, what it and the filter say of the virtual host's, and whether those count.</summary>
    [Theory]
    [InlineData(false, false, "Override", true)]
    [InlineData(true, false, "Override", false)]
    [InlineData(true, true, "Override", true)]
    [InlineData(true, false, "Include", true)]
    [InlineData(false, false, "Ignore", false)]
    [InlineData(true, true, "Ignore", true)]
    public void UsesVirtualHost_EachOption_SaysWhetherItsLimitsCount(bool hasOwn, bool includes, string option, bool expected)
    {
        ImmutableArray<RateLimitConfig> some = [new RateLimitConfig([new GenericKeyActionConfig("k", "v")])];

        Assert.Equal(expected, new RouteRateLimits(hasOwn ? some : [], some, includes, RouteMetadataConfig.None).UsesVirtualHost(Enum.Parse<VirtualHostLimits>(option)));
    }

    /// <summary>A route that is counted but has tokens left costs nothing that the collector has to take away.</summary>
    [Fact]
    public void TryTake_TokensLeft_AllocatesNothing()
    {
        var limits = ((ForwardActionConfig)Decode($"{User}, {Generic}").VirtualHosts[0].Routes[0].Action).RateLimits;
        var bucket = new TokenBucketConfig(1_000_000, 1, TimeSpan.FromHours(1));
        var config = new LocalRateLimitConfig
        {
            Fingerprint = "",
            Bucket = bucket,
            Descriptors = [new LocalDescriptorConfig([new("user", "bob"), new("generic_key", "g")], bucket, IsShadow: false)],
        };
        var limiter = new LocalLimiter(config, Origin, new FakeTimeProvider());
        using var message = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        message.Headers.TryAddWithoutValidation("x-user", "bob");
        var request = new FilterRequest(message, new FilterRoute { RateLimits = new RouteRateLimits(limits, [], false, RouteMetadataConfig.None) }, "orders", null);
        Take(100);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Take(1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Take(int times)
        {
            for (var i = 0; i < times; i++)
            {
                Assert.True(limiter.TryTake(in request, out _));
            }
        }
    }

    private static string Metadata(string filter, params IEnumerable<string> path)
        => $$""" {"metadata": {"descriptorKey": "m", "metadataKey": {"key": "{{filter}}", "path": [{{string.Join(',', path.Select(static key => $$"""{"key": "{{key}}"}"""))}}] } } } """;

    private static RoutesConfig Decode(string actions)
    {
        var result = new RoutesDecoder().Decode(ResourceJson.Routes(
            $$"""
            {"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [
              {"match": {"prefix": "/"}, "metadata": {"filterMetadata": {"r": {"k": "of the route"} } }, "route": {"cluster": "up", "rateLimits": [{"actions": [{{actions}}]}] } }] }] }
            """));
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return result.Resource!;
    }
}
