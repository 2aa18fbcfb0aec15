using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>Reads YAML or JSON into one tree. What begins with a brace or a bracket is JSON. Stateless.</summary>
internal static class StructuredText
{
    private const int MaxDepth = 100;

    /// <exception cref="RouteCheckException">The text is neither, or holds nothing.</exception>
    public static JsonNode Parse(string text, string source)
    {
        try
        {
            var node = text.AsSpan().TrimStart() is ['{' or '[', ..]
                ? JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth })
                : FromYaml(text);
            return node ?? throw new RouteCheckException(source, [$"{source}: is empty"]);
        }
        catch (JsonException exception)
        {
            throw new RouteCheckException(source, [$"{source}:{exception.LineNumber + 1}: is no JSON: {exception.Message}"], exception);
        }
        catch (YamlException exception)
        {
            throw new RouteCheckException(source, [$"{source}:{exception.Start.Line}: is no YAML: {exception.Message}"], exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's parser for some texts that break off in the middle.
            throw new RouteCheckException(source, [$"{source}: is no YAML: {exception.Message}"], exception);
        }
    }

    private static JsonNode? FromYaml(string text)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(text);
        stream.Load(reader);
        return stream.Documents.Count == 0 ? null : FromYaml(stream.Documents[0].RootNode, MaxDepth);
    }

    private static JsonNode? FromYaml(YamlNode node, int depth)
    {
        if (depth == 0)
        {
            throw new YamlException(node.Start, node.End, $"deeper than {MaxDepth} levels");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    result[(key as YamlScalarNode)?.Value ?? throw new YamlException(key.Start, key.End, "a key must be a word")] = FromYaml(value, depth - 1);
                }

                return result;

            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select(child => FromYaml(child, depth - 1))]);

            default:
                return FromScalar((YamlScalarNode)node);
        }
    }

    /// <summary>What is not quoted may be a number, a truth value or nothing (YAML 1.2's core schema).</summary>
    private static JsonValue? FromScalar(YamlScalarNode scalar)
    {
        var value = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(value);
        }

        return value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ when value[0] is '-' or '.' or (>= '0' and <= '9')
                && double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
                && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(value),
        };
    }
}
