using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Has the application read the configuration of its own filters.</summary>
internal static class CustomFilterReader
{
    /// <param name="name">The filter's name.</param>
    /// <param name="any">As it was delivered.</param>
    /// <param name="typeUrl">Its type, or the one that its <c>TypedStruct</c> names.</param>
    /// <param name="factory">Reads it.</param>
    /// <param name="fingerprint">Tells it from others.</param>
    /// <param name="context">Where errors are noted.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever the application's code throws is the reason why the resource is rejected.")]
    public static CustomFilterConfig? Read(string name, Any any, string typeUrl, IHttpFilterFactory factory, string fingerprint, DecodeContext context)
    {
        var configuration = ExtensionTypes.IsPlain(any)
            ? new HttpFilterConfiguration(typeUrl, any.Value.Memory, json: null)
            : ExtensionTypes.StructOf(any, context) is { } fields ? new HttpFilterConfiguration(typeUrl, default, ToJson(fields)) : null;
        if (configuration is null)
        {
            return null; // the error is noted
        }

        try
        {
            return new CustomFilterConfig { Fingerprint = fingerprint, Factory = factory, Configuration = factory.ReadConfiguration(configuration) };
        }
        catch (Exception exception)
        {
            context.Error("", $"the filter '{name}' of type '{typeUrl}' does not take its configuration: {exception.Message}");
            return null;
        }
    }

    private static string ToJson(Struct fields)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Write(fields, writer);
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void Write(Struct fields, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in fields.Fields.OrderBy(static field => field.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            Write(value, writer);
        }

        writer.WriteEndObject();
    }

    private static void Write(Value value, Utf8JsonWriter writer)
    {
        switch (value.KindCase)
        {
            case Value.KindOneofCase.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case Value.KindOneofCase.NumberValue when double.IsFinite(value.NumberValue):
                writer.WriteNumberValue(value.NumberValue);
                break;
            case Value.KindOneofCase.StringValue:
                writer.WriteStringValue(value.StringValue);
                break;
            case Value.KindOneofCase.StructValue:
                Write(value.StructValue, writer);
                break;
            case Value.KindOneofCase.ListValue:
                writer.WriteStartArray();
                foreach (var item in value.ListValue.Values)
                {
                    Write(item, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
