using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Tests.Yaml;

/// <summary>What is wrong with a policy is reported by its field, with the remedy.</summary>
public sealed class RoutePolicyReaderTests
{
    private const string Prefix = "mesh.yaml:";

    [Theory]
    [InlineData("retries: {attempts: 1, retryOn: '5xy'}", "retries.retryOn: '5xy' is no condition; known: 5xx, ")]
    [InlineData("retries: {attempts: 1, retryOn: '700'}", "retries.retryOn: 700 is no HTTP status: write one from 100 to 599")]
    [InlineData("retries: {attempts: 1, perTryTimeout: 0s}", "retries.perTryTimeout: must be at least 1ms")]
    [InlineData("retries: {attempts: 1, backoff: 0.1ms}", "retries.backoff: must be a whole number of milliseconds")]
    [InlineData("retries: {attempts: 1, backoff: 0s}", "retries.backoff: must be at least 1ms")]
    [InlineData("retries: {attempts: many}", "retries.attempts: must be a whole number")]
    [InlineData("retries: {atempts: 1}", "retries.atempts: is not a known field; known here: attempts, backoff, perTryTimeout, retryIgnorePreviousHosts, retryOn, retryRemoteLocalities")]
    [InlineData("fault: {}", "fault: must hold a delay or an abort")]
    [InlineData("fault: {delay: {percentage: {value: 1}}}", "fault.delay.fixedDelay: is required")]
    [InlineData("fault: {delay: {fixedDelay: 0s, percentage: {value: 1}}}", "fault.delay.fixedDelay: must be at least 1ms")]
    [InlineData("fault: {delay: {exponentialDelay: 1s, fixedDelay: 1s}}", "fault.delay.exponentialDelay: is not supported in this version; remove it")]
    [InlineData("fault: {delay: {fixedDelay: 1s, percentage: {value: 101}}}", "fault.delay.percentage.value: must be a number from 0 to 100")]
    [InlineData("fault: {abort: {percentage: {value: 1}}}", "fault.abort: must hold either httpStatus or grpcStatus")]
    [InlineData("fault: {abort: {httpStatus: 500, grpcStatus: INTERNAL}}", "fault.abort: must hold either httpStatus or grpcStatus")]
    [InlineData("fault: {abort: {httpStatus: 100}}", "fault.abort.httpStatus: must be a whole number from 200 to 599")]
    [InlineData("fault: {abort: {grpcStatus: UNAVAIL}}", "fault.abort.grpcStatus: 'UNAVAIL' is no gRPC status; write one of OK, CANCELLED, ")]
    [InlineData("mirror: {host: orders}\n    mirrors: [{destination: {host: orders}}]", "mirrors: excludes 'mirror'; move that into the list")]
    [InlineData("mirrorPercentage: {value: 1}", "mirrorPercentage: has no effect without mirror; give each of 'mirrors' its own percentage")]
    [InlineData("mirrors: [{percentage: {value: 1}}]", "mirrors[0].destination: is required")]
    [InlineData("mirror: {host: nobody}", "mirror.host: no ServiceEntry or Service declares the host 'nobody'; add one or correct the name")]
    [InlineData("mirrors: [{destination: {host: orders, subset: v9}}]", "mirrors[0].destination.subset: 'orders' has no subset 'v9'")]
    [InlineData("corsPolicy: {allowOrigins: [{}]}", "corsPolicy.allowOrigins[0]: must hold one of exact, prefix, regex")]
    [InlineData("corsPolicy: {maxAge: 1.5s}", "corsPolicy.maxAge: must be a whole number of seconds")]
    [InlineData("corsPolicy: {unmatchedPreflights: MAYBE}", "corsPolicy.unmatchedPreflights: must be FORWARD or IGNORE, not 'MAYBE'")]
    public void Read_WrongPolicyOfARoute_NamesFieldAndRemedy(string policy, string error)
        => Assert.Contains(Read(policy).Errors, problem => problem.ToString().Contains($"VirtualService default/orders: spec.http[0].{error}", StringComparison.Ordinal));

    [Theory]
    [InlineData("retries: {attempts: 0, retryOn: '5xx'}", "retries.retryOn: has no effect: without attempts from 1 there are no retries")]
    [InlineData("fault: {abort: {httpStatus: 500}}", "fault.abort.percentage: is missing, and then the abort never happens")]
    [InlineData("fault: {delay: {fixedDelay: 1s}}", "fault.delay.percentage: is missing, and then the delay never happens")]
    public void Read_PolicyWithoutEffect_IsWarnedOf(string policy, string warning)
    {
        var result = Read(policy);

        Assert.Empty(result.Errors);
        Assert.Contains(warning, Assert.Single(result.Warnings).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redirect: {uri: /a}\n    retries: {attempts: 1}", "retries: has no effect beside redirect")]
    [InlineData("directResponse: {status: 200}\n    mirror: {host: orders}", "mirror: has no effect beside directResponse")]
    public void Read_PolicyOfAnAnswer_IsAnError(string route, string error)
        => Assert.Contains(ReadRoute(route).Errors, problem => problem.ToString().Contains($"spec.http[0].{error}", StringComparison.Ordinal));

    [Theory]
    [InlineData("retryBudget: {percent: 120}", "retryBudget.percent: must be a number from 0 to 100")]
    [InlineData("loadBalancer: {simple: ROUND_ROBIN, consistentHash: {useSourceIp: true}}", "loadBalancer.consistentHash: excludes 'simple'; remove one of them")]
    [InlineData("loadBalancer: {consistentHash: {}}", "loadBalancer.consistentHash: must hold exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")]
    [InlineData("loadBalancer: {consistentHash: {useSourceIp: true, maglev: {}, ringHash: {}}}", "loadBalancer.consistentHash.ringHash: excludes 'maglev'; remove one of them")]
    [InlineData("loadBalancer: {consistentHash: {httpCookie: {ttl: 1s}}}", "loadBalancer.consistentHash.httpCookie.name: is required")]
    public void Read_WrongTrafficPolicy_NamesFieldAndRemedy(string policy, string error)
    {
        var text = MeshYaml.Service("orders")
            + $"---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: orders}}\nspec:\n  host: orders\n  trafficPolicy: {{{policy}}}\n";

        Assert.Contains(MeshYamlReader.Read(MeshYaml.File, text).Errors, problem => problem.ToString().Contains($"DestinationRule default/orders: spec.trafficPolicy.{error}", StringComparison.Ordinal));
    }

    private static MeshReadResult Read(string policy) => ReadRoute($"{policy}\n    route: [{{destination: {{host: orders}}}}]");

    private static MeshReadResult ReadRoute(string route)
    {
        var text = MeshYaml.Service("orders") + $"---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: orders}}\nspec:\n  hosts: [orders]\n  http:\n  - {route}\n";
        var result = MeshYamlReader.Read(MeshYaml.File, text);
        Assert.All(result.Errors, error => Assert.StartsWith(Prefix, error.ToString(), StringComparison.Ordinal));
        return result;
    }
}
