using ProxylessMesh.ControlPlane.RouteChecks;

namespace ProxylessMesh.ControlPlane.Tests.RouteChecks;

public sealed class RouteCheckerTests
{
    private const string Routes = """
        virtual_hosts:
        - name: v
          domains: ["*"]
          virtual_clusters: [{name: writes, headers: [{name: ":method", exact_match: POST}]}]
          routes:
          - match: {path: /moved}
            redirect: {https_redirect: true, path_redirect: /new}
          - match: {path: /tea}
            direct_response: {status: 418, body: {inline_string: tea}}
            response_headers_to_add: [{header: {key: x-code, value: "%RESPONSE_CODE%"}}]
          - match: {prefix: /gone}
            route: {cluster: gone, cluster_not_found_response_code: NOT_FOUND}
          - match: {prefix: /half, runtime_fraction: {default_value: {numerator: 50, denominator: HUNDRED}}}
            route: {cluster: half, timeout: 0s}
          - name: rest
            match: {prefix: /}
            route: {cluster: rest, host_rewrite_literal: inner.example, timeout: 1.5s}
            response_headers_to_remove: [x-secret]
        """;

    /// <summary>Each row: fields of the input beside authority and path, the path, and what is expected.</summary>
    public static TheoryData<string, string, string> Passing => new()
    {
        { "", "/moved", "path_redirect: https://orders/new, code_redirect: 301, cluster_name: ''" },
        { "", "/moved", "path_redirect: /new" },
        { "", "/tea", "code_redirect: 418, response_header_matches: [{name: x-code, exact_match: '418'}]" },
        { "", "/gone", "code_redirect: 404, cluster_name: ''" },
        { "random_value: 149, ", "/half", "cluster_name: half, timeout: 0s" },
        { "random_value: 50, ", "/half", "cluster_name: rest" },
        { "method: POST, ", "/", "virtual_cluster_name: writes, virtual_host_name: v, route_name: rest" },
        { "", "/", "virtual_cluster_name: other, timeout: 1.5s, host_rewrite: inner.example, path_rewrite: /, code_redirect: 0" },
        { "additional_response_headers: [{key: X-Secret, value: a}, {header: {key: x-b, value: c}}], ", "/", "response_header_matches: [{name: x-secret, present_match: false}, {name: x-b, presentMatch: true}]" },
        { "additional_request_headers: [{key: x-n, value: 7}], ", "/", "request_header_matches: [{name: x-n, range_match: {start: 7, end: 8}}]" },
    };

    [Theory]
    [MemberData(nameof(Passing))]
    public void Check_AsExpected_Passes(string input, string path, string validate)
    {
        var report = Checker().Check(Test(input, path, validate));

        Assert.True(report.IsSuccess, report.ToString());
    }

    [Fact]
    public void Check_NotAsExpected_FailsWithEachDifference()
    {
        var report = Checker().Check(Test("", "/", "cluster_name: other, timeout: 2s, code_redirect: 301, request_header_matches: [{name: x-a, present_match: true}]"));

        Assert.False(report.IsSuccess);
        Assert.Equal(
            [
                "cluster_name: expected 'other', got 'rest'",
                "code_redirect: expected '301', got '0'",
                "timeout: expected '2s', got '1.5s'",
                "request_header_matches[0]: 'x-a' is absent, which does not match",
            ],
            report.Tests.Single().Differences);
        Assert.EndsWith("1 tests, 1 failed", report.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Each row: a route configuration, and the error it gets.</summary>
    public static TheoryData<string, string> BadRoutes => new()
    {
        { "", "routes: is empty" },
        { "[1, 2]", "routes: must be a RouteConfiguration, an object with virtual_hosts" },
        { "{\"a\": ", "routes:1: is no JSON: " },
        { "a: [1\nb: 2", "is no YAML: " },
        { "name: r\nvirtual_hosts: [{name: v, domains: ['*'], routs: []}]", "routes: RouteConfiguration 'r': virtual_hosts[0].routs: is no field that this version knows" },
        { "name: r\nvirtualHosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c, timeout: soon}}]}]", "routes: RouteConfiguration 'r': virtualHosts[0].routes[0].route.timeout: " },
        { "name: r\nvirtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: ''}}]}]", "routes: RouteConfiguration 'r': virtual_hosts[0].routes[0].route.cluster: must not be empty" },
        { "name: r\nvirtual_hosts: [{name: v, domains: ['*']}, {name: w, domains: ['*']}]", "routes: RouteConfiguration 'r': virtual_hosts[1].domains" },
    };

    [Theory]
    [MemberData(nameof(BadRoutes))]
    public void Parse_BadRoutes_NamesResourceFieldAndRule(string routes, string error)
    {
        var exception = Assert.Throws<RouteCheckException>(() => RouteChecker.Parse(routes));

        Assert.Contains(error, Assert.Single(exception.Errors), StringComparison.Ordinal);
    }

    /// <summary>Each row: tests, and the errors they get.</summary>
    public static TheoryData<string, string[]> BadTests => new()
    {
        { "tests: []", ["tests: tests: must not be empty"] },
        { "cases: []", ["tests: must be an object with 'tests', a list"] },
        { "tests: [{test_name: t, input: {authority: a, path: /}, validate: {}}]", ["tests: test 't': validate: must expect something"] },
        {
            "tests: [{test_name: t, input: {path: /, ssl: maybe, random_value: -1, runtime: x}, validate: {cluster: c}}]",
            [
                "tests: test 't': input.runtime: is not supported: the mesh has no runtime, the default of a runtime_fraction decides",
                "tests: test 't': input.authority: must not be empty",
                "tests: test 't': input.random_value: '-1' must be a whole number",
                "tests: test 't': input.ssl: 'maybe' must be true or false",
            ]
        },
        { "tests: [{input: {authority: a, path: /}, validate: {timeout: soon, request_header_matches: [{name: x, exact: y}]}}]", ["tests: tests[0]: validate.timeout: 'soon' must be a duration"] },
    };

    [Theory]
    [MemberData(nameof(BadTests))]
    public void Check_BadTests_NamesTestAndField(string tests, string[] errors)
    {
        var exception = Assert.Throws<RouteCheckException>(() => Checker().Check(tests));

        Assert.All(errors, error => Assert.Contains(exception.Errors, line => line.StartsWith(error, StringComparison.Ordinal)));
    }

    [Fact]
    public void Evaluate_Json_AndYaml_AreTheSame()
    {
        const string Json = """{"virtualHosts": [{"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"}, "typedPerFilterConfig": {"f": {"@type": "x/y"}}}]}]}""";
        const string Yaml = "virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]";
        var request = new RouteCheckRequest { Authority = "a", Path = "/" };

        var (json, yaml) = (RouteChecker.Parse(Json).Evaluate(request), RouteChecker.Parse(Yaml).Evaluate(request));

        Assert.Equal(("v", "c", TimeSpan.FromSeconds(15)), (json.VirtualHost, json.Cluster, json.Timeout));
        Assert.Equal((json.VirtualHost, json.Cluster, json.Timeout), (yaml.VirtualHost, yaml.Cluster, yaml.Timeout));
    }

    [Fact]
    public void Document_Example_Passes()
    {
        var document = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "route-check.md"));
        var blocks = document.Split("```yaml\n").Skip(1).Select(static block => block.Split("```")[0]).ToArray();

        var report = RouteChecker.Parse(blocks[0]).Check(blocks[1]);

        Assert.True(report.IsSuccess, report.ToString());
        Assert.Contains(report.ToString(), document, StringComparison.Ordinal);
    }

    private static RouteChecker Checker() => RouteChecker.Parse(Routes, new RouteCheckOptions { MissingClusters = { "gone" } });

    private static string Test(string input, string path, string validate) => $"tests:\n- test_name: t\n  input: {{ {input}authority: orders, path: {path}}}\n  validate: {{ {validate} }}\n";
}
