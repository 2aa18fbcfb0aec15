using Google.Protobuf;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>One serialized resource. Immutable; compared by its bytes to see whether it changed.</summary>
internal sealed record XdsResource(string TypeUrl, string Name, ByteString Value)
{
    public static XdsResource Create(string typeUrl, string name, IMessage message) => new(typeUrl, name, message.ToByteString());
}
