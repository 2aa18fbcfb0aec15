using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Looks for what this version does not know in a message that is about security: a field, or the value of an enumeration. It may be a
/// restriction, and passing over a restriction opens a door; so it rejects the resource. Everywhere else unknown fields are ignored, as gRFC A27 says.
/// </summary>
/// <remarks>
/// Walks the bytes along the message's descriptor, because generated messages keep unknown fields to themselves. The content of an <c>Any</c> is not
/// looked at: who unpacks it knows whether it is about security.
/// </remarks>
internal static class UnknownFields
{
    // The parser's own limit: what comes here was parsed.
    private const int MaxDepth = 100;

    /// <summary>Rejects the resource for each field and enumeration value that the message's type does not have.</summary>
    /// <param name="value">The message; bytes that are none reject the resource too.</param>
    /// <param name="type">Its type.</param>
    /// <param name="context">Takes the errors.</param>
    public static void Check(ByteString value, MessageDescriptor type, DecodeContext context)
    {
        try
        {
            Check(value, type, depth: 0, context);
        }
        catch (InvalidProtocolBufferException exception)
        {
            context.Error("", $"the bytes are no {type.Name}: {exception.Message}");
        }
    }

    private static void Check(ByteString value, MessageDescriptor type, int depth, DecodeContext context)
    {
        if (depth > MaxDepth)
        {
            context.Error("", $"is nested more than {MaxDepth} deep");
            return;
        }

        using var input = value.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            var wireType = WireFormat.GetTagWireType(tag);
            var field = type.FindFieldByNumber(number);
            if (field is null || !IsWrittenAs(field, wireType))
            {
                context.Error("", $"field {number} of {type.Name} is not known to this version: what could be security is never passed over");
                input.SkipLastField();
            }
            else if (field.FieldType == FieldType.Message)
            {
                using var scope = context.Enter(field.Name);
                Check(input.ReadBytes(), field.MessageType, depth + 1, context);
            }
            else if (field.FieldType == FieldType.Enum)
            {
                CheckEnum(field, wireType, input, context);
            }
            else
            {
                input.SkipLastField();
            }
        }
    }

    private static void CheckEnum(FieldDescriptor field, WireFormat.WireType wireType, CodedInputStream input, DecodeContext context)
    {
        if (wireType == WireFormat.WireType.Varint)
        {
            CheckEnumValue(field, input.ReadEnum(), context);
            return;
        }

        using var packed = input.ReadBytes().CreateCodedInput();
        while (!packed.IsAtEnd)
        {
            CheckEnumValue(field, packed.ReadEnum(), context);
        }
    }

    private static void CheckEnumValue(FieldDescriptor field, int value, DecodeContext context)
    {
        if (field.EnumType.FindValueByNumber(value) is null)
        {
            context.Error(field.Name, $"{value} is no value of {field.EnumType.Name} known to this version: what could be security is never passed over");
        }
    }

    /// <summary>Whether the parser reads the field from this form; it takes a field in any other form for an unknown one.</summary>
    private static bool IsWrittenAs(FieldDescriptor field, WireFormat.WireType wireType)
    {
        var expected = field.FieldType switch
        {
            FieldType.String or FieldType.Bytes or FieldType.Message => WireFormat.WireType.LengthDelimited,
            FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => WireFormat.WireType.Fixed64,
            FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 => WireFormat.WireType.Fixed32,
            FieldType.Group => WireFormat.WireType.StartGroup,
            _ => WireFormat.WireType.Varint,
        };
        return wireType == expected || (field.IsRepeated && expected != WireFormat.WireType.LengthDelimited && wireType == WireFormat.WireType.LengthDelimited);
    }
}
