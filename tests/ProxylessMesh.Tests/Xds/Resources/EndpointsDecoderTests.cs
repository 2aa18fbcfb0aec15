using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

public sealed class EndpointsDecoderTests
{
    private const string Weighted = """ "locality": {"region": "eu"}, "loadBalancingWeight": 1 """;

    private readonly EndpointsDecoder _decoder = new();

    [Fact]
    public void Decode_TwoLocalities_KeepsAllOfThem()
    {
        var result = _decoder.Decode(Endpoints(
            $$"""
            {"clusterName": "c", "endpoints": [
              {"locality": {"region": "eu", "zone": "1", "subZone": "a"}, "loadBalancingWeight": 3, "lbEndpoints": [{{At("10.0.0.1")}}, {"loadBalancingWeight": 7, {{Endpoint("10.0.0.2")}} }]},
              {"locality": {}, "loadBalancingWeight": 1, "priority": 1, "lbEndpoints": [{{At("2001:DB8::0:1")}}]}]}
            """));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal("c", result.Resource!.ClusterName);
        var localities = result.Resource.Localities;
        Assert.Equal(2, localities.Length);
        Assert.Equal((new Locality("eu", "1", "a"), 0, 3U), (localities[0].Locality, localities[0].Priority, localities[0].Weight));
        Assert.Equal<EndpointConfig>([new EndpointConfig(EndpointAddress.Tcp("10.0.0.1", 80), 1), new EndpointConfig(EndpointAddress.Tcp("10.0.0.2", 80), 7)], localities[0].Endpoints);
        Assert.Equal((new Locality("", "", ""), 1, 1U), (localities[1].Locality, localities[1].Priority, localities[1].Weight));
        Assert.Equal<EndpointConfig>([new EndpointConfig(EndpointAddress.Tcp("2001:db8::1", 80), 1)], localities[1].Endpoints);
    }

    [Fact]
    public void Decode_NoEndpoints_IsAccepted()
        => Assert.Empty(Accept("[]").Localities);

    [Theory]
    [InlineData("")]
    [InlineData(""", "loadBalancingWeight": 0 """)]
    public void Decode_LocalityWithoutWeight_IsLeftOut(string weight)
    {
        var endpoints = Accept($$"""[{"locality": {"region": "a"}{{weight}}, "priority": 9, "lbEndpoints": [{{At("10.0.0.1")}}]}, { {{Weighted}} }]""");

        Assert.Equal("eu", Assert.Single(endpoints.Localities).Locality.Region);
    }

    [Theory]
    [InlineData("UNKNOWN", true)]
    [InlineData("HEALTHY", true)]
    [InlineData("UNHEALTHY", false)]
    [InlineData("DRAINING", false)]
    [InlineData("TIMEOUT", false)]
    [InlineData("DEGRADED", false)]
    public void Decode_Health_DecidesWhetherItIsKept(string health, bool isKept)
    {
        var endpoints = Accept($$"""[{ {{Weighted}}, "lbEndpoints": [{"healthStatus": "{{health}}", {{Endpoint("10.0.0.1")}} }]}]""");

        Assert.Equal(isKept ? 1 : 0, Assert.Single(endpoints.Localities).Endpoints.Length);
    }

    [Fact]
    public void Decode_UnixSocket_IsKept()
    {
        var endpoints = Accept($$"""[{ {{Weighted}}, "lbEndpoints": [{"endpoint": {"address": {"pipe": {"path": "/run/a"} } } }]}]""");

        Assert.Equal(EndpointAddress.UnixSocket("/run/a"), Assert.Single(Assert.Single(endpoints.Localities).Endpoints).Address);
    }

    [Fact]
    public void Decode_ListedEndpoints_AreKept()
    {
        var endpoints = Accept($$"""[{ {{Weighted}}, "loadBalancerEndpoints": {"lbEndpoints": [{{At("10.0.0.1")}}]} }]""");

        Assert.Single(Assert.Single(endpoints.Localities).Endpoints);
    }

    [Fact]
    public void Decode_SameLocalityInTwoPriorities_IsAccepted()
        => Assert.Equal(2, Accept($$"""[{ {{Weighted}} }, { {{Weighted}}, "priority": 1 }]""").Localities.Length);

    [Fact]
    public void Decode_LargestWeights_AreAccepted()
        => Assert.Equal(uint.MaxValue, Assert.Single(Accept($$"""[{"locality": {}, "loadBalancingWeight": 4294967295, "lbEndpoints": [{"loadBalancingWeight": 4294967295, {{Endpoint("10.0.0.1")}} }]}]""").Localities).Weight);

    /// <summary>Each row: the <c>endpoints</c> of a cluster, and the errors.</summary>
    public static TheoryData<string, string[]> Rejected() => new()
    {
        { """[{"loadBalancingWeight": 1}]""", ["endpoints[0].locality: must be set"] },
        { $$"""[{ {{Weighted}}, "priority": 1}]""", ["endpoints: priority 1 is used, but 0 is not"] },
        { $$"""[{ {{Weighted}} }, { {{Weighted}}, "priority": 2}]""", ["endpoints: priority 2 is used, but 1 is not"] },
        { $$"""[{ {{Weighted}}, "priority": 4294967295}]""", ["endpoints: priority 4294967295 is used, but 0 is not"] },
        { $$"""[{ {{Weighted}} }, { {{Weighted}} }]""", ["endpoints[1].locality: 'eu//' was given before in priority 0"] },
        { """[{"locality": {"region": "a"}, "loadBalancingWeight": 4294967295}, {"locality": {"region": "b"}, "loadBalancingWeight": 1}]""", ["endpoints: the locality weights of priority 0 add up to 4294967296"] },
        { $$"""[{ {{Weighted}}, "lbEndpoints": [{{At("10.0.0.1")}}, {{At("10.0.0.1")}}]}]""", ["endpoints[0].lb_endpoints[1].endpoint.address: '10.0.0.1:80' was given before"] },
        { $$"""[{ {{Weighted}}, "lbEndpoints": [{{At("::1")}}]}, { {{Weighted}}, "priority": 1, "lbEndpoints": [{{At("0:0::0:1")}}]}]""", ["endpoints[1].lb_endpoints[0].endpoint.address: '[::1]:80' was given before"] },
        { Only($$"""{"endpoint": {"address": {{Address("10.0.0.1")}}, "additionalAddresses": [{"address": {{Address("10.0.0.1")}} }]} }"""), ["endpoints[0].lb_endpoints[0].endpoint.additional_addresses[0].address: '10.0.0.1:80' was given before"] },
        { Only($$"""{"loadBalancingWeight": 0, {{Endpoint("10.0.0.1")}} }"""), ["endpoints[0].lb_endpoints[0].load_balancing_weight: must not be 0"] },
        { $$"""[{ {{Weighted}}, "lbEndpoints": [{"loadBalancingWeight": 4294967295, {{Endpoint("10.0.0.1")}} }, {{At("10.0.0.2")}}]}]""", ["endpoints[0].lb_endpoints: the weights add up to 4294967296"] },
        { Only("{}"), ["endpoints[0].lb_endpoints[0].endpoint: must be set"] },
        { Only("""{"endpointName": "e"}"""), ["endpoints[0].lb_endpoints[0].endpoint: must be given in place"] },
        { $$"""[{ {{Weighted}}, "ledsClusterLocalityConfig": {} }]""", ["endpoints[0].leds_cluster_locality_config: is not supported"] },
        { Only("""{"endpoint": {}}"""), ["endpoints[0].lb_endpoints[0].endpoint.address: must be a 'socket_address' or a 'pipe'"] },
        { Only("""{"endpoint": {"address": {"pipe": {}}}}"""), ["endpoints[0].lb_endpoints[0].endpoint.address.pipe.path: must not be empty"] },
        { Only("""{"endpoint": {"address": {"envoyInternalAddress": {}}}}"""), ["endpoints[0].lb_endpoints[0].endpoint.address.envoy_internal_address: is not supported"] },
        { Socket(""" "address": "10.0.0.1" """), [$"{SocketPath}.port_value: must be set, from 1 to 65535"] },
        { Socket(""" "address": "10.0.0.1", "portValue": 0 """), [$"{SocketPath}.port_value: must be set, from 1 to 65535"] },
        { Socket(""" "address": "10.0.0.1", "portValue": 65536 """), [$"{SocketPath}.port_value: must be set, from 1 to 65535"] },
        { Socket(""" "address": "10.0.0.1", "namedPort": "http" """), [$"{SocketPath}.port_value: must be set, from 1 to 65535"] },
        { Socket(""" "address": "10.0.0.1", "portValue": 80, "protocol": "UDP" """), [$"{SocketPath}.protocol: must be TCP"] },
        { Socket(""" "address": "10.0.0.1", "portValue": 80, "resolverName": "x" """), [$"{SocketPath}.resolver_name: is not supported"] },
        { Socket(""" "address": "10.0.0.1", "portValue": 80, "networkNamespaceFilepath": "/x" """), [$"{SocketPath}.network_namespace_filepath: is not supported"] },
        { Socket(""" "address": "cart.example", "portValue": 80 """), [$"{SocketPath}.address: 'cart.example' must be an IP address"] },
        { Socket(""" "portValue": 80 """), [$"{SocketPath}.address: '' must be an IP address"] },
    };

    private const string SocketPath = "endpoints[0].lb_endpoints[0].endpoint.address.socket_address";

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_BrokenRule_IsRejectedWithPathAndRule(string endpoints, string[] errors)
        => Rejections.AssertErrors(errors, Decode(endpoints));

    [Fact]
    public void Decode_NoName_IsRejected()
        => Rejections.AssertErrors(["cluster_name: must not be empty"], _decoder.Decode(Endpoints("{}")));

    [Theory]
    [InlineData("HUNDRED")]
    [InlineData("MILLION")]
    public void Decode_DropOverload_IsAcceptedWithWarning(string denominator)
    {
        var result = _decoder.Decode(Endpoints($$"""{"clusterName": "c", "policy": {"dropOverloads": [{"category": "x", "dropPercentage": {"numerator": 1, "denominator": "{{denominator}}"} }]} }"""));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal(["policy.drop_overloads[0]: requests to drop have no effect in this version"], result.Warnings);
    }

    [Fact]
    public void Decode_UnknownDenominator_IsRejected()
        => Rejections.AssertErrors(
            ["policy.drop_overloads[0].drop_percentage.denominator: 9 must be HUNDRED, TEN_THOUSAND or MILLION"],
            _decoder.Decode(Endpoints("""{"clusterName": "c", "policy": {"dropOverloads": [{"dropPercentage": {"denominator": 9}}]}}""")));

    private static string Address(string ip) => $$"""{"socketAddress": {"address": "{{ip}}", "portValue": 80} }""";

    private static string Endpoint(string ip) => $$""" "endpoint": {"address": {{Address(ip)}} } """;

    private static string At(string ip) => $$"""{ {{Endpoint(ip)}} }""";

    private static string Only(string endpoint) => $$"""[{ {{Weighted}}, "lbEndpoints": [{{endpoint}}]}]""";

    private static string Socket(string fields) => Only($$"""{"endpoint": {"address": {"socketAddress": { {{fields}} } } } }""");

    private DecodeResult<EndpointsConfig> Decode(string endpoints) => _decoder.Decode(Endpoints($$"""{"clusterName": "c", "endpoints": {{endpoints}} }"""));

    private EndpointsConfig Accept(string endpoints)
    {
        var result = Decode(endpoints);
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return result.Resource!;
    }
}
