using System.Text.Json.Nodes;
using ProxylessMesh.ControlPlane.RouteChecks;

namespace ProxylessMesh.ControlPlane.Tests.RouteChecks;

/// <summary>What Envoy made of 549 requests, written as tests of the route checker (see tests/data/envoy/README.md).</summary>
public sealed class EnvoyRouteCheckTests
{
    /// <summary>The host of auto_host_rewrite is that of an endpoint, which is not picked yet.</summary>
    private const string TakesEndpointHost = "/auto";

    private static readonly Lazy<JsonObject> Record = new(static () =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "envoy", "routing.json")))!.AsObject());

    public static TheoryData<string, int> Sets => new() { { "default", 494 }, { "normalized", 21 }, { "ignore-port", 23 }, { "specific-wins", 11 } };

    [Theory]
    [MemberData(nameof(Sets))]
    public void Check_RecordedRequests_ExpectsWhatEnvoyDid(string set, int count)
    {
        var recorded = Record.Value["sets"]![set]!.AsObject();
        var routes = Record.Value["route_config"]!.DeepClone().AsObject();
        foreach (var (field, value) in recorded["route_config_patch"]!.AsObject())
        {
            routes[field] = value?.DeepClone();
        }

        var options = new RouteCheckOptions { NormalizesPaths = set == "normalized", MissingClusters = { "nosuch" } };
        var tests = new JsonArray([.. recorded["cases"]!.AsArray().Select(static testCase => ToTest(testCase!))]);

        var report = RouteChecker.Parse(routes.ToJsonString(), options).Check(new JsonObject { ["tests"] = tests }.ToJsonString());

        Assert.Equal(count, report.Tests.Count);
        Assert.True(report.IsSuccess, report.ToString());
    }

    private static JsonObject ToTest(JsonNode testCase)
    {
        var request = testCase["request"]!;
        var observed = testCase["observed"]!;
        var isGrpc = request["headers"]!.AsArray().Any(static header => header![0]!.ToString() == "content-type" && header[1]!.ToString() == "application/grpc");
        var validate = new JsonObject { ["route_name"] = observed["envoy"]!["route"]?.ToString() ?? "" };
        if (observed["envoy"]!["vcluster"] is { } virtualCluster)
        {
            validate["virtual_cluster_name"] = virtualCluster.ToString();
        }

        if (observed["upstream"]?[0] is { } sent)
        {
            validate["cluster_name"] = sent["cluster"]!.ToString();
            validate["path_rewrite"] = sent["path"]!.ToString();
            validate["code_redirect"] = 0;
            if (!request["path"]!.ToString().StartsWith(TakesEndpointHost, StringComparison.Ordinal))
            {
                validate["host_rewrite"] = Values(sent, "host").Single();
            }

            // A header of several values is compared one by one: a condition is met by any of them.
            validate["request_header_matches"] = Matches(sent);
        }
        else
        {
            var answer = observed["downstream"]!;
            validate["cluster_name"] = "";
            validate["path_redirect"] = Values(answer, "location").SingleOrDefault() ?? "";
            if (!isGrpc)
            {
                validate["code_redirect"] = answer["status"]!.GetValue<int>();
            }

            validate["response_header_matches"] = Matches(answer);
        }

        return new JsonObject
        {
            ["test_name"] = testCase["id"]!.ToString(),
            ["input"] = new JsonObject
            {
                ["authority"] = request["host"]!.ToString(),
                ["path"] = request["path"]!.ToString(),
                ["method"] = request["method"]!.ToString(),
                ["additional_request_headers"] = new JsonArray([.. request["headers"]!.AsArray().Select(static header => new JsonObject { ["key"] = header![0]!.ToString(), ["value"] = header[1]!.ToString().Trim() })]),
            },
            ["validate"] = validate,
        };
    }

    private static IEnumerable<string> Values(JsonNode message, string name)
        => message["headers"]!.AsArray().Where(header => header![0]!.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static header => header![1]!.ToString());

    /// <summary>Conditions for every header but those of a connection and of a proxy.</summary>
    private static JsonArray Matches(JsonNode message) => new(
    [
        .. message["headers"]!.AsArray()
            .Select(static header => (Name: header![0]!.ToString().ToLowerInvariant(), Value: header[1]!.ToString()))
            .Where(static header => header.Name is not ("host" or "content-length" or "content-type" or "transfer-encoding" or "connection" or "grpc-status" or "grpc-message")
                && !header.Name.StartsWith("x-envoy-", StringComparison.Ordinal))
            .Select(static header => new JsonObject { ["name"] = header.Name, ["string_match"] = new JsonObject { ["exact"] = header.Value } }),
    ]);
}
