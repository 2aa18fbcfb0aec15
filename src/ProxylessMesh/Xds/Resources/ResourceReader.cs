using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Xds.Resources;

/// <summary>From bytes to messages, for resources and for what they carry in an <see cref="Any"/>. Never throws on bad bytes.</summary>
internal static class ResourceReader
{
    /// <summary>Parses a resource, checks its name and reads it.</summary>
    /// <param name="value">The serialized resource.</param>
    /// <param name="parser">Of the resource's message.</param>
    /// <param name="nameField">The field that holds its name.</param>
    /// <param name="nameOf">Takes the name from the message.</param>
    /// <param name="read">Makes the record; what it returns counts only if it noted no error.</param>
    /// <param name="dialect">How fields are meant that gRPC and Envoy read differently.</param>
    /// <param name="customFilters">The application's own filters; <see langword="null"/> for none.</param>
    public static DecodeResult<TResource> Read<TMessage, TResource>(
        ByteString value,
        MessageParser<TMessage> parser,
        string nameField,
        Func<TMessage, string> nameOf,
        Func<TMessage, DecodeContext, TResource?> read,
        XdsDialect dialect = XdsDialect.Grpc,
        CustomFilterTypes? customFilters = null)
        where TMessage : class, IMessage<TMessage>
        where TResource : class
    {
        if (!TryParse(value, parser, out var message, out var error))
        {
            return new DecodeResult<TResource>("", Resource: null, [error], []);
        }

        var context = new DecodeContext(dialect, customFilters);
        var name = nameOf(message);
        if (name.Length == 0)
        {
            context.Error(nameField, "must not be empty");
        }

        var resource = read(message, context);
        return new DecodeResult<TResource>(name, context.HasErrors ? null : resource, context.ToErrors(), context.ToWarnings());
    }

    /// <summary>The type URL under which a message travels in an <see cref="Any"/>.</summary>
    public static string TypeUrlOf<T>()
        where T : IMessage<T>, new() => ResourceTypes.Prefix + new T().Descriptor.FullName;

    /// <summary>Parses the content of an <see cref="Any"/> whose type was looked at; notes an error if it cannot be.</summary>
    public static bool TryUnpack<T>(Any any, MessageParser<T> parser, DecodeContext context, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>
    {
        if (TryParse(any.Value, parser, out message, out var error))
        {
            return true;
        }

        context.Error("", error);
        return false;
    }

    /// <summary>Parses a message; says why when the bytes are none.</summary>
    public static bool TryParse<T>(ByteString value, MessageParser<T> parser, [NotNullWhen(true)] out T? message, [NotNullWhen(false)] out string? error)
        where T : class, IMessage<T>
    {
        try
        {
            message = parser.ParseFrom(value);
            error = null;
            return true;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException)
        {
            // Google.Protobuf 3.36 throws the latter for a wrapper such as UInt32Value that ends in the middle.
            message = null;
            error = $"the bytes are no {typeof(T).Name}: {exception.Message}";
            return false;
        }
    }
}
