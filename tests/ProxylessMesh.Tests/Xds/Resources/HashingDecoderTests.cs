using ProxylessMesh.Configuration;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>Clusters with ring hash, Maglev or random balancing, in both dialects.</summary>
public sealed class HashingDecoderTests
{
    private const string Balancing = ResourceJson.Type + "envoy.extensions.load_balancing_policies.";
    private const string TypedPath = "load_balancing_policy.policies[0].typed_extension_config.typed_config";
    private const uint Limit = RingHashConfig.SizeLimit;

    /// <summary>Each row: the balancing fields, and what they come to for gRPC and for Envoy.</summary>
    public static TheoryData<string, string, string> Accepted() => new()
    {
        { """ "lbPolicy": "RING_HASH" """, "ring 1024-4096 W", $"ring 1024-{Limit}" },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {} """, "ring 1024-4096 W", $"ring 1024-{Limit}" },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "0", "maximumRingSize": "0"} """, "ring 1-1 W", "ring 1-1" },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "7", "maximumRingSize": "7"} """, "ring 7-7 W", "ring 7-7" },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "4096", "maximumRingSize": "4097"} """, "ring 4096-4096 W", "ring 4096-4097" },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "8388608"} """, "ring 4096-4096 W", $"ring {Limit}-{Limit}" },
        { """ "lbPolicy": "RING_HASH", "commonLbConfig": {"localityWeightedLbConfig": {}} """, "ring 1024-4096 W", $"ring 1024-{Limit} W" },
        { """ "lbPolicy": "RING_HASH", "commonLbConfig": {"consistentHashingLbConfig": {"useHostnameForHashing": true, "hashBalanceFactor": 100}} """, "ring 1024-4096 H100 W host", $"ring 1024-{Limit} H100 host" },
        { """ "lbPolicy": "MAGLEV" """, "maglev 65537 W", "maglev 65537" },
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "2"} """, "maglev 2 W", "maglev 2" },
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "5000011"} """, "maglev 5000011 W", "maglev 5000011" },
        { """ "lbPolicy": "MAGLEV", "commonLbConfig": {"consistentHashingLbConfig": {"hashBalanceFactor": 150}, "localityWeightedLbConfig": {}} """, "maglev 65537 H150 W", "maglev 65537 H150 W" },
        { """ "lbPolicy": "RANDOM" """, "random W", "random" },
        { """ "lbPolicy": "RANDOM", "commonLbConfig": {"localityWeightedLbConfig": {}} """, "random W", "random W" },
        { Policies(Policy("ring_hash.v3.RingHash", "")), "ring 1024-4096 W", $"ring 1024-{Limit}" },
        { Policies(Policy("ring_hash.v3.RingHash", """ "hashFunction": "XX_HASH", "minimumRingSize": "5", "maximumRingSize": "6" """)), "ring 5-6 W", "ring 5-6" },
        { Policies(Policy("ring_hash.v3.RingHash", """ "useHostnameForHashing": true, "hashBalanceFactor": 110 """)), "ring 1024-4096 H110 W host", $"ring 1024-{Limit} H110 host" },
        { Policies(Policy("ring_hash.v3.RingHash", """ "useHostnameForHashing": true, "hashBalanceFactor": 110, "consistentHashingLbConfig": {} """)), "ring 1024-4096 W", $"ring 1024-{Limit}" },
        { Policies(Policy("ring_hash.v3.RingHash", """ "consistentHashingLbConfig": {"useHostnameForHashing": true, "hashBalanceFactor": 120}, "localityWeightedLbConfig": {} """)), "ring 1024-4096 H120 W host", $"ring 1024-{Limit} H120 W host" },
        { Policies(Policy("maglev.v3.Maglev", """ "tableSize": "17", "consistentHashingLbConfig": {"hashPolicy": [{"header": {"headerName": "X-Key"}}]} """)), "maglev 17 W by x-key", "maglev 17 by x-key" },
        { Policies(Policy("maglev.v3.Maglev", """ "localityWeightedLbConfig": {} """)), "maglev 65537 W", "maglev 65537 W" },
        { Policies(Policy("random.v3.Random", "")), "random W", "random" },
        { Policies(Policy("random.v3.Random", """ "localityLbConfig": {"localityWeightedLbConfig": {}} """)), "random W", "random W" },
        { Policies(Wrr(Policy("ring_hash.v3.RingHash", ""))), "ring 1024-4096 W", $"ring 1024-{Limit} W" },
        { Policies(Wrr(Policy("maglev.v3.Maglev", ""))), "maglev 65537 W", "maglev 65537 W" },
        { Policies(Wrr(Policy("random.v3.Random", ""))), "random W", "random W" },
        { Policies(Policy("pick_first.v3.PickFirst", "") + "," + Policy("maglev.v3.Maglev", "") + "," + Policy("round_robin.v3.RoundRobin", "")), "maglev 65537 W", "maglev 65537" },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Decode_Balancing_IsReadAsTheDialectMeansIt(string fields, string grpc, string envoy)
    {
        Assert.Equal(grpc, Words(Accept(XdsDialect.Grpc, fields)));
        Assert.Equal(envoy, Words(Accept(XdsDialect.Envoy, fields)));
    }

    [Theory]
    [InlineData(""" "lbPolicy": "RING_HASH", "ringHashLbConfig": {"hashFunction": "MURMUR_HASH_2"} """, "ring_hash_lb_config.hash_function")]
    [InlineData("typed", TypedPath + ".hash_function")]
    public void Decode_Murmur_IsForEnvoyOnly(string fields, string path)
    {
        fields = fields == "typed" ? Policies(Policy("ring_hash.v3.RingHash", """ "hashFunction": "MURMUR_HASH_2" """)) : fields;

        var config = Assert.IsType<RingHashConfig>(Accept(XdsDialect.Envoy, fields));

        Assert.Equal(RingHashFunction.MurmurHash2, config.Function);
        Rejections.AssertErrors([$"{path}: MurmurHash2 is not supported: give XX_HASH (gRFC A42)"], Decode(XdsDialect.Grpc, fields));
    }

    /// <summary>Each row: the balancing fields, and the errors in either dialect.</summary>
    public static TheoryData<string, string[]> Rejected() => new()
    {
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "8388609"} """, ["ring_hash_lb_config.minimum_ring_size: 8388609 must not exceed 8388608"] },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"maximumRingSize": "8388609"} """, ["ring_hash_lb_config.maximum_ring_size: 8388609 must not exceed 8388608"] },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "18446744073709551615", "maximumRingSize": "18446744073709551615"} """, ["ring_hash_lb_config.minimum_ring_size: 18446744073709551615 must not", "ring_hash_lb_config.maximum_ring_size: 18446744073709551615 must not"] },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"minimumRingSize": "9", "maximumRingSize": "8"} """, ["ring_hash_lb_config.minimum_ring_size: 9 must not exceed maximum_ring_size, which is 8"] },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"maximumRingSize": "1023"} """, ["ring_hash_lb_config.minimum_ring_size: 1024 must not exceed maximum_ring_size, which is 1023"] },
        { """ "lbPolicy": "RING_HASH", "ringHashLbConfig": {"hashFunction": 7} """, ["ring_hash_lb_config.hash_function: 7 is not supported"] },
        { """ "lbPolicy": "RING_HASH", "commonLbConfig": {"consistentHashingLbConfig": {"hashBalanceFactor": 99}} """, ["common_lb_config.consistent_hashing_lb_config.hash_balance_factor: 99 must be at least 100"] },
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "5000012"} """, ["maglev_lb_config.table_size: 5000012 must not exceed 5000011"] },
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "65536"} """, ["maglev_lb_config.table_size: 65536 must be a prime number"] },
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "63001"} """, ["maglev_lb_config.table_size: 63001 must be a prime number"] }, // 251 squared
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "1"} """, ["maglev_lb_config.table_size: 1 must be a prime number"] },
        { """ "lbPolicy": "MAGLEV", "maglevLbConfig": {"tableSize": "0"} """, ["maglev_lb_config.table_size: 0 must be a prime number"] },
        { Policies(Policy("ring_hash.v3.RingHash", """ "minimumRingSize": "8388609", "hashFunction": 9, "hashBalanceFactor": 1 """)), [$"{TypedPath}.hash_balance_factor: 1 must be", $"{TypedPath}.minimum_ring_size: 8388609 must", $"{TypedPath}.hash_function: 9 is not"] },
        { Policies(Policy("maglev.v3.Maglev", """ "tableSize": "4", "consistentHashingLbConfig": {"hashBalanceFactor": 0, "hashPolicy": [{"header": {}}]} """)), [$"{TypedPath}.consistent_hashing_lb_config.hash_balance_factor: 0 must be", $"{TypedPath}.consistent_hashing_lb_config.hash_policy[0].header.header_name: must not be empty", $"{TypedPath}.table_size: 4 must be a prime"] },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_BrokenRule_IsRejectedWithPathAndRule(string fields, string[] errors)
    {
        Rejections.AssertErrors(errors, Decode(XdsDialect.Grpc, fields));
        Rejections.AssertErrors(errors, Decode(XdsDialect.Envoy, fields));
    }

    [Theory]
    [InlineData(""" "commonLbConfig": {} """)]
    [InlineData(""" "commonLbConfig": {"localityWeightedLbConfig": {}, "consistentHashingLbConfig": {"hashBalanceFactor": 100}} """)]
    public void Decode_CommonOptionsWithEffect_WarnOfNothing(string fields)
        => Assert.Empty(Decode(XdsDialect.Envoy, $""" "lbPolicy": "MAGLEV", {fields} """).Warnings);

    private static string Words(LoadBalancerConfig config) => config switch
    {
        RingHashConfig ring => $"ring {ring.MinSize}-{ring.MaxSize}{Words(ring)}",
        MaglevConfig maglev => $"maglev {maglev.TableSize}{Words(maglev)}",
        RandomConfig random => $"random{(random.WeighsLocalities ? " W" : "")}",
        _ => config.ToString(),
    };

    private static string Words(HashingConfig config)
        => (config.BalanceFactor is { } factor ? $" H{factor}" : "")
            + (config.WeighsLocalities ? " W" : "")
            + (config.UsesHostname ? " host" : "")
            + string.Concat(config.HashPolicies.Cast<HeaderHashPolicyConfig>().Select(static policy => $" by {policy.Name}"));

    private static string Policies(string policies) => $$""" "loadBalancingPolicy": {"policies": [{{policies}}]} """;

    private static string Policy(string type, string fields)
        => $$"""{"typedExtensionConfig": {"name": "p", "typedConfig": {"@type": "{{Balancing}}{{type}}"{{(fields.Length > 0 ? "," : "")}} {{fields}} } } }""";

    private static string Wrr(string policy) => Policy("wrr_locality.v3.WrrLocality", $$""" "endpointPickingPolicy": {"policies": [{{policy}}]} """);

    private static LoadBalancerConfig Accept(XdsDialect dialect, string fields)
    {
        var result = Decode(dialect, fields);
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return result.Resource!.LoadBalancer;
    }

    private static DecodeResult<ClusterConfig> Decode(XdsDialect dialect, string fields)
        => new ClusterDecoder(dialect).Decode(ResourceJson.Cluster($$"""{"name": "c", "type": "EDS", "edsClusterConfig": {"edsConfig": {"ads": {} } }, {{fields}} }"""));
}
