using System.Globalization;
using System.Text.Json.Nodes;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Turns YAML into the JSON that protobuf reads. Stateless.</summary>
internal static class YamlJson
{
    /// <param name="node">What to turn.</param>
    /// <param name="duplicate">Told of each key that stands twice.</param>
    public static JsonNode? From(YamlNode node, Action<YamlEntry> duplicate)
    {
        switch (node)
        {
            case YamlMapping mapping:
                var result = new JsonObject();
                foreach (var entry in mapping.Entries)
                {
                    if (!result.TryAdd(entry.Key, From(entry.Value, duplicate)))
                    {
                        duplicate(entry);
                    }
                }

                return result;
            case YamlSequence sequence:
                return new JsonArray([.. sequence.Items.Select(item => From(item, duplicate))]);
            default:
                return FromScalar((YamlScalar)node); // there is no fourth kind
        }
    }

    private static JsonValue? FromScalar(YamlScalar scalar)
    {
        if (!scalar.IsPlain)
        {
            return JsonValue.Create(scalar.Value);
        }

        return scalar switch
        {
            { IsNull: true } => null,
            { Value: "true" } => JsonValue.Create(true),
            { Value: "false" } => JsonValue.Create(false),
            _ when long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when (char.IsAsciiDigit(scalar.Value[0]) || scalar.Value[0] is '-' or '.')
                && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(scalar.Value),
        };
    }
}
