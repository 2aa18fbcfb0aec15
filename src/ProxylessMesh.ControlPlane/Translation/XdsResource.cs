using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>One serialized resource. Immutable; compared by its bytes to see whether it changed.</summary>
internal sealed record XdsResource(string TypeUrl, string Name, ByteString Value)
{
    public static XdsResource Create(string typeUrl, string name, IMessage message) => new(typeUrl, name, message.ToByteString());

    /// <summary>A message inside another one, with the type it has in xDS.</summary>
    public static Any Pack(IMessage message) => new() { TypeUrl = ResourceTypes.Prefix + message.Descriptor.FullName, Value = message.ToByteString() };
}
