using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What Envoy's fault filter did with requests, and what the mesh does with them (see tests/data/envoy/README.md).</summary>
public sealed class FaultRecordTests
{
    private const string CaseId = "x-case";

    /// <summary>Headers of a caller's answer that say how its connection goes on, and nothing of what was answered.</summary>
    private static readonly string[] OfTheConnection = ["content-length", "connection", "date", "server", "transfer-encoding"];

    [Fact]
    public async Task Send_RecordedCases_AreAnsweredAsByEnvoy()
    {
        using var record = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "data", "envoy", "limits.json")));
        var chosen = record.RootElement.GetProperty("sets").GetProperty("default").GetProperty("cases").EnumerateArray()
            .Where(static testCase => !testCase.GetProperty("route").GetString()!.StartsWith("rl-", StringComparison.Ordinal)).ToArray();
        var seen = new ConcurrentDictionary<string, int>();
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, async context =>
        {
            seen.AddOrUpdate(context.Request.Headers[CaseId].ToString(), 1, static (_, count) => count + 1);
            context.Response.StatusCode = int.Parse(context.Request.Headers["x-answer"].ToString(), System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["x-backend"] = "up";
            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("ok");
        });
        await using var mesh = await MeshFixture.StartAsync(
            FilteredMesh.Listener(FilteredMesh.EmptyFault, hosts: Hosts(record.RootElement.GetProperty("routes"))), XdsResources.Cluster("up"), XdsResources.Endpoints("up", ("127.0.0.1", backend.Port)));

        var differences = await Task.WhenAll(chosen.Select(testCase => DifferenceAsync(mesh.Client, testCase, seen)));

        Assert.Equal(131, chosen.Length);
        Assert.True(differences.All(static difference => difference is null), string.Join('\n', differences.Where(static difference => difference is not null)));
    }

    private static async Task<string?> DifferenceAsync(HttpClient client, JsonElement testCase, ConcurrentDictionary<string, int> seen)
    {
        var id = testCase.GetProperty("id").GetString()!;
        var asked = testCase.GetProperty("request");
        using var request = new HttpRequestMessage(new HttpMethod(asked.GetProperty("method").GetString()!), $"http://orders{asked.GetProperty("path").GetString()}");
        request.Headers.Host = asked.GetProperty("host").GetString();
        request.Headers.Add(CaseId, id);
        request.Headers.Add("x-answer", Answer(testCase));
        foreach (var header in asked.GetProperty("headers").EnumerateArray())
        {
            if (header[0].GetString() == "content-type")
            {
                request.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(asked.GetProperty("body").GetString()!));
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(header[1].GetString()!);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(header[0].GetString()!, header[1].GetString());
            }
        }

        var start = TimeProvider.System.GetTimestamp();
        using var response = await client.SendAsync(request);
        var isDelayed = TimeProvider.System.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(90);
        var body = await response.Content.ReadAsStringAsync();

        var expected = testCase.GetProperty("observed").GetProperty("downstream");
        var headers = expected.GetProperty("headers").EnumerateArray().Select(static header => $"{header[0].GetString()}: {header[1].GetString()}");
        var actualHeaders = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).Select(static header => $"{header.Key.ToLowerInvariant()}: {Uri.UnescapeDataString(header.Value.ToString())}");
        var attempts = testCase.GetProperty("observed").GetProperty("attempts").GetInt32();
        var isLate = expected.GetProperty("delayed").GetBoolean();
        var wanted = $"{expected.GetProperty("status").GetInt32()} {Join(headers)} '{expected.GetProperty("body").GetString()}' {attempts} attempts";
        var got = $"{(int)response.StatusCode} {Join(actualHeaders)} '{body}' {seen.GetValueOrDefault(id)} attempts";

        // A machine may be slow, and is never early.
        return wanted == got && (isDelayed || !isLate) ? null : $"{id}: Envoy '{wanted}', here '{got}'{(isLate && !isDelayed ? ", not delayed" : "")}";
    }

    /// <summary>The status that the backend was to answer; 200 where nothing is said.</summary>
    private static string Answer(JsonElement testCase) => testCase.TryGetProperty("backend", out var status) ? status.GetString()! : "200";

    private static string Join(IEnumerable<string> headers)
        => string.Join(", ", headers.Where(static header => !OfTheConnection.Contains(header[..header.IndexOf(':', StringComparison.Ordinal)])).Order(StringComparer.Ordinal));

    /// <summary>A virtual host for each route of the record, which says its faults.</summary>
    private static string Hosts(JsonElement routes) => string.Join(',', routes.EnumerateObject().Where(static route => !route.Name.StartsWith("rl-", StringComparison.Ordinal)).Select(static route =>
    {
        var timeout = route.Name == "delay-over-timeout" ? "0.1s" : "15s";
        return new JsonObject
        {
            ["name"] = route.Name,
            ["domains"] = new JsonArray($"{route.Name}.test"),
            ["typedPerFilterConfig"] = JsonNode.Parse(route.Value.GetRawText()),
            ["routes"] = new JsonArray(new JsonObject
            {
                ["match"] = new JsonObject { ["prefix"] = "/" },
                ["route"] = new JsonObject { ["cluster"] = "up", ["timeout"] = timeout },
            }),
        }.ToJsonString();
    }));
}
