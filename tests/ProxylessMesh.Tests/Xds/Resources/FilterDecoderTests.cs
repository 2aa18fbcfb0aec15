using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>What is wrong with the configuration of a filter.</summary>
public sealed class FilterDecoderTests
{
    private const string Fault = "envoy.extensions.filters.http.fault.v3.HTTPFault";
    private const string MutationPerRoute = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";

    /// <summary>Each row: a filter's type and its fields, and the errors that it is rejected with.</summary>
    public static TheoryData<string, string, string[]> Rejected() => new()
    {
        { Fault, """ "delay": {} """, ["delay.fault_delay_secifier: must be 'fixed_delay' or 'header_delay'"] },
        { Fault, """ "delay": {"fixedDelay": "0s"} """, ["delay.fixed_delay: must be greater than 0"] },
        { Fault, """ "delay": {"fixedDelay": "-1s"} """, ["delay.fixed_delay: -1 s and 0 ns is no duration"] },
        { Fault, """ "delay": {"headerDelay": {}, "percentage": {"denominator": 7} } """, ["delay.percentage.denominator: must be HUNDRED, TEN_THOUSAND or MILLION"] },
        { Fault, """ "abort": {} """, ["abort.error_type: must be 'http_status', 'grpc_status' or 'header_abort'"] },
        { Fault, """ "abort": {"httpStatus": 199} """, ["abort.http_status: 199 must be in [200, 600)"] },
        { Fault, """ "abort": {"httpStatus": 600} """, ["abort.http_status: 600 must be in [200, 600)"] },
        { Fault, """ "responseRateLimit": {} """, ["response_rate_limit.limit_type: must be 'fixed_limit' or 'header_limit'"] },
        { Fault, """ "responseRateLimit": {"fixedLimit": {} } """, ["response_rate_limit.fixed_limit.limit_kbps: must be at least 1"] },
        { Fault, """ "headers": [{"name": ""}] """, ["headers[0].name: must not be empty"] },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_BrokenRule_IsRejectedWithPathAndRule(string type, string fields, string[] errors)
    {
        var result = Decode(type, fields);

        Rejections.AssertErrors([.. errors.Select(static error => $"api_listener.api_listener.http_filters[0].typed_config.{error}")], result);
    }

    [Fact]
    public void Decode_Fault_ReadsWhatItSays()
    {
        var fault = Assert.IsType<FaultConfig>(Decode(Fault, """
            "delay": {"fixedDelay": "1.5s", "percentage": {"numerator": 3, "denominator": "TEN_THOUSAND"} }, "abort": {"grpcStatus": 8}, "responseRateLimit": {"headerLimit": {} },
            "upstreamCluster": "c", "downstreamNodes": ["n"], "maxActiveFaults": 7, "disableDownstreamClusterStats": true, "delayPercentRuntime": "x"
            """).Resource!.Filters[0].Config);

        Assert.Equal(new FaultDelayConfig(TimeSpan.FromSeconds(1.5), new FractionConfig(3, 10_000)), fault.Delay);
        Assert.Equal(new FaultAbortConfig(new FractionConfig(0, 100)) { GrpcStatus = 8 }, fault.Abort); // no percentage is never
        Assert.Equal(new FaultRateConfig(null, new FractionConfig(0, 100)), fault.ResponseRate);
        Assert.Equal("c", fault.ClusterName);
        Assert.Equal(["n"], fault.DownstreamNodes.ToArray());
        Assert.Equal(7u, fault.MaxActive);
        Assert.NotEmpty(fault.Fingerprint);
    }

    [Fact]
    public void Decode_MutationOfARoute_HasATypeOfItsOwn()
        => Rejections.AssertErrors([$"api_listener.api_listener.http_filters[0].typed_config: the filter type '{ResourceJson.Type}{MutationPerRoute}' is not supported"], Decode(MutationPerRoute, """ "mutations": {} """));

    private static DecodeResult<ListenerConfig> Decode(string type, string fields) => new ListenerDecoder().Decode(ResourceJson.Listener(
        $$"""
        {"name": "l", "apiListener": {"apiListener": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          "routeConfig": {"name": "r"}, "httpFilters": [{"name": "f", "typedConfig": {"@type": "{{ResourceJson.Type}}{{type}}", {{fields}} } }, {{ResourceJson.Router}}] } } }
        """));
}
