using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds.Resources;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What Envoy's local rate limit did with requests, and what the mesh does with them (see tests/data/envoy/README.md).</summary>
public sealed class LocalRateLimitRecordTests
{
    private const string Filter = $$"""{"name": "rl", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", "statPrefix": "x"} }""";

    /// <summary>Those of one route in the order in which they were recorded, by a clock that stands still: tokens come in an hour.</summary>
    [Fact]
    public async Task Send_RecordedCases_AreAnsweredAsByEnvoy()
    {
        var record = await LimitRecords.ReadAsync("limits.json");
        var cases = record.GetProperty("sets").GetProperty("default").GetProperty("cases").EnumerateArray().Where(static testCase => IsLimited(testCase.GetProperty("route").GetString()!)).ToArray();
        var seen = new ConcurrentDictionary<string, int>();
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, async context =>
        {
            seen.AddOrUpdate(context.Request.Headers[LimitRecords.CaseId].ToString(), 1, static (_, count) => count + 1);
            context.Response.Headers["x-backend"] = "up";
            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("ok");
        });
        var hosts = string.Join(',', record.GetProperty("routes").EnumerateObject().Where(static route => IsLimited(route.Name)).Select(static route => LimitRecords.Host(
            route.Name, route.Name == "rl-desc" ? UserAndPath() : null, JsonNode.Parse(route.Value.GetRawText()))));
        await using var mesh = await MeshFixture.StartAsync(
            [FilteredMesh.Listener(Filter, hosts: hosts), XdsResources.Cluster("up"), XdsResources.Endpoints("up", ("127.0.0.1", backend.Port))], new FakeTimeProvider());

        var differences = new List<string>();
        foreach (var testCase in cases)
        {
            var id = testCase.GetProperty("id").GetString()!;
            using var request = LimitRecords.Request(testCase, "orders");
            using var response = await mesh.Client.SendAsync(request);
            var expected = $"{LimitRecords.Expected(testCase)} {testCase.GetProperty("observed").GetProperty("attempts").GetInt32()} attempts";
            var actual = $"{await LimitRecords.ActualAsync(response)} {seen.GetValueOrDefault(id)} attempts";
            if (expected != actual)
            {
                differences.Add($"{id}: Envoy '{expected}', here '{actual}'");
            }
        }

        Assert.Equal(35, cases.Length);
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static bool IsLimited(string route) => route.StartsWith("rl-", StringComparison.Ordinal);

    /// <summary>The record's note says so in words.</summary>
    private static JsonNode UserAndPath() => JsonNode.Parse(
        """
        [
          {"actions": [{"requestHeaders": {"headerName": "x-user", "descriptorKey": "user"} }]},
          {"actions": [{"requestHeaders": {"headerName": "x-user", "descriptorKey": "user"} }, {"requestHeaders": {"headerName": ":path", "descriptorKey": "path"} }]}
        ]
        """)!;
}
