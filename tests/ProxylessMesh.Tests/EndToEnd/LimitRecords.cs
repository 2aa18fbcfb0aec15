using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Sends what was recorded of Envoy's rate limits, and tells it from what was observed.</summary>
internal static class LimitRecords
{
    public const string CaseId = "x-case";

    /// <summary>Headers that say how a connection goes on, and nothing of what was answered.</summary>
    private static readonly string[] OfTheConnection = ["content-length", "connection", "date", "server", "transfer-encoding"];

    public static async Task<JsonElement> ReadAsync(string file)
    {
        using var record = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "data", "envoy", file)));
        return record.RootElement.Clone();
    }

    public static HttpRequestMessage Request(JsonElement testCase, string service)
    {
        var asked = testCase.GetProperty("request");
        var request = new HttpRequestMessage(new HttpMethod(asked.GetProperty("method").GetString()!), $"http://{service}{asked.GetProperty("path").GetString()}");
        request.Headers.Host = asked.GetProperty("host").GetString();
        request.Headers.Add(CaseId, testCase.GetProperty("id").GetString());
        foreach (var header in asked.GetProperty("headers").EnumerateArray())
        {
            if (header[0].GetString() == "content-type")
            {
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(asked.TryGetProperty("body", out var body) ? body.GetString()! : "x"));
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(header[1].GetString()!);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(header[0].GetString()!, header[1].GetString());
            }
        }

        return request;
    }

    public static string Expected(JsonElement testCase)
    {
        var downstream = testCase.GetProperty("observed").GetProperty("downstream");
        var headers = downstream.GetProperty("headers").EnumerateArray().Select(static header => $"{header[0].GetString()}: {header[1].GetString()}");
        return $"{downstream.GetProperty("status").GetInt32()} {Join(headers)} '{downstream.GetProperty("body").GetString()}'";
    }

    public static async Task<string> ActualAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).Select(static header => $"{header.Key.ToLowerInvariant()}: {Uri.UnescapeDataString(header.Value.ToString())}");
        return $"{(int)response.StatusCode} {Join(headers)} '{await response.Content.ReadAsStringAsync()}'";
    }

    /// <summary>A virtual host with one route to the cluster <c>up</c>.</summary>
    public static string Host(string name, JsonNode? rateLimits, JsonNode? overrides = null) => new JsonObject
    {
        ["name"] = name,
        ["domains"] = new JsonArray($"{name}.test"),
        ["typedPerFilterConfig"] = overrides ?? new JsonObject(),
        ["routes"] = new JsonArray(new JsonObject
        {
            ["match"] = new JsonObject { ["prefix"] = "/" },
            ["route"] = new JsonObject { ["cluster"] = "up", ["timeout"] = "15s", ["rateLimits"] = rateLimits ?? new JsonArray() },
        }),
    }.ToJsonString();

    private static string Join(IEnumerable<string> headers)
        => string.Join(", ", headers.Where(static header => !OfTheConnection.Contains(header[..header.IndexOf(':', StringComparison.Ordinal)])).Order(StringComparer.Ordinal));
}
