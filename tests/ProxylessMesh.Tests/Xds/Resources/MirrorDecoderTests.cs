using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>Where requests go as well: one row for each rule.</summary>
public sealed class MirrorDecoderTests
{
    private readonly RoutesDecoder _decoder = new();

    internal static MirrorPolicyConfig ToD { get; } = new() { ClusterName = "d" };

    /// <summary>Each row: a policy, and what it becomes.</summary>
    public static TheoryData<string, object> Policies() => new()
    {
        { """ {"cluster": "d"} """, ToD },
        { """ {"clusterHeader": "X-To"} """, new MirrorPolicyConfig { ClusterName = "", ClusterHeader = "x-to" } },
        { """ {"cluster": "d", "runtimeFraction": {"defaultValue": {"numerator": 3, "denominator": "TEN_THOUSAND"}, "runtimeKey": "k"} } """, ToD with { Fraction = new FractionConfig(3, 10_000) } },
        { """ {"cluster": "d", "runtimeFraction": {"defaultValue": {} } } """, ToD with { Fraction = new FractionConfig(0, 100) } },
        { """ {"cluster": "d", "disableShadowHostSuffixAppend": true} """, ToD with { AppendsShadowSuffix = false } },
        { """ {"cluster": "d", "traceSampled": false} """, ToD with { IsTraced = false } },
        { """ {"cluster": "d", "traceSampled": true} """, ToD },
        { """ {"cluster": "d", "hostRewriteLiteral": "other.example"} """, ToD with { HostRewrite = "other.example", AppendsShadowSuffix = false } },
    };

    [Theory]
    [MemberData(nameof(Policies))]
    public void Decode_Policy_IsRead(string policy, object expected)
    {
        var result = Decode(routePolicies: policy);

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal((MirrorPolicyConfig)expected, Assert.Single(MirrorsOf(result.Resource!)));
        Assert.Empty(result.Warnings);
    }

    /// <summary>Each row: a policy that is wrong, and what is said of it.</summary>
    [Theory]
    [InlineData(""" {} """, "cluster: must not be empty; or give 'cluster_header' alone")]
    [InlineData(""" {"cluster": "d", "clusterHeader": "x"} """, "cluster: must not be empty; or give 'cluster_header' alone")]
    [InlineData(""" {"clusterHeader": "x y"} """, "cluster_header: 'x y' is no header name")]
    [InlineData(""" {"cluster": "d", "runtimeFraction": {} } """, "runtime_fraction.default_value: must be set")]
    [InlineData(""" {"cluster": "d", "runtimeFraction": {"defaultValue": {"denominator": 9} } } """, "runtime_fraction.default_value.denominator: must be HUNDRED, TEN_THOUSAND or MILLION")]
    [InlineData(""" {"cluster": "d", "hostRewriteLiteral": "a b"} """, "host_rewrite_literal: 'a b' is no host")]
    public void Decode_WrongPolicy_IsRejectedAtEachLevel(string policy, string error)
    {
        Assert.Equal([$"virtual_hosts[0].routes[0].route.request_mirror_policies[0].{error}"], Decode(routePolicies: policy).Errors);
        Assert.Equal([$"virtual_hosts[0].request_mirror_policies[0].{error}"], Decode(hostPolicies: policy).Errors);
        Assert.Equal([$"request_mirror_policies[0].{error}"], Decode(policies: policy).Errors);
    }

    /// <summary>Each row: the policies of the three levels, and which are in effect: those of the most specific that has any.</summary>
    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("r1", "", "", "r1")]
    [InlineData("r1", "h1,h2", "", "h1,h2")]
    [InlineData("r1", "h1", "a,b", "a,b")]
    [InlineData("r1", "", "a", "a")]
    public void Decode_SeveralLevels_TheMostSpecificIsInEffect(string routes, string host, string route, string expected)
    {
        var result = Decode(Clusters(routes), Clusters(host), Clusters(route));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal(expected, string.Join(',', MirrorsOf(result.Resource!).Select(mirror => mirror.ClusterName)));

        static string Clusters(string names) => string.Join(',', names.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => $$"""{"cluster": "{{name}}"}"""));
    }

    private static ImmutableArray<MirrorPolicyConfig> MirrorsOf(RoutesConfig routes) => Assert.IsType<ForwardActionConfig>(routes.VirtualHosts[0].Routes[0].Action).Mirrors;

    private DecodeResult<RoutesConfig> Decode(string policies = "", string hostPolicies = "", string routePolicies = "") => _decoder.Decode(Routes(
        $$"""
        {"name": "r", "requestMirrorPolicies": [{{policies}}], "virtualHosts": [{"name": "h", "domains": ["*"], "requestMirrorPolicies": [{{hostPolicies}}], "routes": [
          {"match": {"prefix": "/"}, "route": {"cluster": "c", "requestMirrorPolicies": [{{routePolicies}}]} }]}]}
        """));
}
