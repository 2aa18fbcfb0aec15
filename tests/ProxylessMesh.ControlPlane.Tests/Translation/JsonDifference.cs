using System.Text.Json;
using System.Text.Json.Nodes;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>Where two messages in proto JSON differ: one line per field, or per subtree that only one of them has.</summary>
/// <param name="Path">With the names or indexes of list elements in brackets.</param>
/// <param name="Recorded">What was recorded; null when it is missing.</param>
/// <param name="Actual">What was made; null when it is missing.</param>
internal sealed record JsonDifference(string Path, string? Recorded, string? Actual)
{
    public static IEnumerable<JsonDifference> Between(string path, JsonNode? recorded, JsonNode? actual)
    {
        switch (recorded, actual)
        {
            case (JsonObject left, JsonObject right):
                var keys = left.Select(pair => pair.Key).Union(right.Select(pair => pair.Key)).Order(StringComparer.Ordinal);
                return keys.SelectMany(key => Between($"{path}.{key}", left[key], right[key]));
            case (JsonArray left, JsonArray right):
                return Enumerable.Range(0, Math.Max(left.Count, right.Count))
                    .SelectMany(i => Between($"{path}[{Name(left, i) ?? Name(right, i) ?? $"{i}"}]", i < left.Count ? left[i] : null, i < right.Count ? right[i] : null));
            default:
                return JsonNode.DeepEquals(recorded, actual) ? [] : [new JsonDifference(path, recorded?.ToJsonString(), actual?.ToJsonString())];
        }
    }

    /// <summary>The path without what stands in brackets.</summary>
    public string Field => System.Text.RegularExpressions.Regex.Replace(Path, @"\[[^\]]*\]", "[]");

    public static JsonNode Parse(string json) => JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = 256 })!;

    public override string ToString() => $"{Path}: recorded {Short(Recorded)}, made {Short(Actual)}";

    private static string? Name(JsonArray array, int index) => index < array.Count && array[index] is JsonObject item ? item["name"]?.ToString() : null;

    private static string Short(string? json) => json is null ? "nothing" : json.Length > 160 ? json[..160] + "..." : json;
}
