using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>Which fields are set anywhere within a number of messages, what they carry in an <c>Any</c> included.</summary>
internal sealed class SeenFields
{
    private const string WellKnown = "google.protobuf.";

    private static readonly Dictionary<string, MessageDescriptor> Contracts = typeof(Envoy.Config.Cluster.V3.Cluster).Assembly.GetTypes()
        .Where(static type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IMessage)))
        .Select(static type => (MessageDescriptor)type.GetProperty("Descriptor", System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Static)!.GetValue(null)!)
        .ToDictionary(static descriptor => descriptor.FullName, StringComparer.Ordinal);

    private SeenFields()
    {
    }

    /// <summary>As <c>message.field</c>, both by their names in the contract.</summary>
    public HashSet<string> Fields { get; } = new(StringComparer.Ordinal);

    /// <summary>Types of <c>Any</c> that no contract here describes.</summary>
    public HashSet<string> UnknownTypes { get; } = new(StringComparer.Ordinal);

    /// <summary>Messages that hold fields which their contract here does not.</summary>
    public HashSet<string> UnknownFields { get; } = new(StringComparer.Ordinal);

    public static SeenFields In(IEnumerable<Any> resources)
    {
        var seen = new SeenFields();
        foreach (var resource in resources)
        {
            seen.Visit(resource);
        }

        return seen;
    }

    private void Visit(IMessage message)
    {
        if (message is Any any)
        {
            VisitAny(any);
            return;
        }

        if (message.Descriptor.FullName.StartsWith(WellKnown, StringComparison.Ordinal))
        {
            return;
        }

        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (!IsSet(field, message, value))
            {
                continue;
            }

            Fields.Add($"{message.Descriptor.FullName}.{field.Name}");
            foreach (var child in Children(value))
            {
                Visit(child);
            }
        }
    }

    private void VisitAny(Any any)
    {
        var name = Any.GetTypeName(any.TypeUrl);
        if (!Contracts.TryGetValue(name, out var contract))
        {
            UnknownTypes.Add(name);
            return;
        }

        var message = contract.Parser.ParseFrom(any.Value);
        if (contract.Parser.WithDiscardUnknownFields(true).ParseFrom(any.Value).CalculateSize() != message.CalculateSize())
        {
            UnknownFields.Add(name);
        }

        Visit(message);
    }

    private static bool IsSet(FieldDescriptor field, IMessage message, object? value) => value switch
    {
        null => false,
        ICollection collection => collection.Count > 0,
        _ when field.HasPresence => field.Accessor.HasValue(message),
        string text => text.Length > 0,
        ByteString bytes => !bytes.IsEmpty,
        System.Enum number => Convert.ToInt32(number, System.Globalization.CultureInfo.InvariantCulture) != 0,
        ValueType number => !number.Equals(Activator.CreateInstance(number.GetType())),
        _ => true,
    };

    private static IEnumerable<IMessage> Children(object? value) => value switch
    {
        IMessage message => [message],
        IDictionary map => map.Values.OfType<IMessage>(),
        IEnumerable list and not string => list.OfType<IMessage>(),
        _ => [],
    };
}
