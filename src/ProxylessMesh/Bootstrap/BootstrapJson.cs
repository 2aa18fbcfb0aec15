using System.Globalization;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>Makes a document of a bootstrap's bytes, with bounds: it may come from anywhere.</summary>
internal static class BootstrapJson
{
    public const int MaxBytes = 1024 * 1024;

    private const int MaxDepth = 32;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <returns>The root, an object. Outlives the document it was read from.</returns>
    /// <exception cref="MeshBootstrapException">It is too long, too deep, not JSON, not an object, or says something twice.</exception>
    public static BootstrapField Parse(ReadOnlyMemory<byte> utf8, string origin)
    {
        if (utf8.Length > MaxBytes)
        {
            throw TooLong(origin);
        }

        var body = utf8.Span.StartsWith(ByteOrderMark) ? utf8[ByteOrderMark.Length..] : utf8;
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            // The parser's own message quotes the text, which may be secret; it is not passed on, not even as the inner exception.
            throw new MeshBootstrapException(
                origin,
                null,
                string.Create(CultureInfo.InvariantCulture, $"is not valid JSON, or is nested deeper than {MaxDepth} levels: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}"),
                "Correct it there; comments and trailing commas are not allowed.");
        }

        var field = new BootstrapField(root, "$", origin).Require(JsonValueKind.Object, "an object", "The bootstrap is one JSON object with xds_servers and node.");
        Check(field);
        return field;
    }

    public static MeshBootstrapException TooLong(string origin) =>
        new(origin, null, string.Create(CultureInfo.InvariantCulture, $"is longer than {MaxBytes} bytes"), "Check that it is a bootstrap at all.");

    // The parser lets pass names that occur twice and, in strings, halves of surrogate pairs and broken UTF-8.
    private static void Check(BootstrapField field)
    {
        switch (field.Value.ValueKind)
        {
            case JsonValueKind.Object:
                CheckMembers(field);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in field.Value.EnumerateArray())
                {
                    Check(field.At(item, index++));
                }

                break;
            case JsonValueKind.String:
                ReadText(field, static value => value.Value.GetString()!);
                break;
        }
    }

    private static void CheckMembers(BootstrapField field)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in field.Value.EnumerateObject())
        {
            var name = ReadText(field, _ => property.Name);
            var member = field.Of(property.Value, name);
            if (!names.Add(name))
            {
                throw member.Error("is there twice", "Which of the two is meant cannot be known: remove one.");
            }

            Check(member);
        }
    }

    private static string ReadText(BootstrapField field, Func<BootstrapField, string> read)
    {
        try
        {
            return read(field);
        }
        catch (InvalidOperationException)
        {
            throw field.Error("holds text that is not valid Unicode", "Write the bootstrap in UTF-8.");
        }
    }
}
