namespace ProxylessMesh;

/// <summary>The configuration of a filter as the control plane delivered it: a protobuf message, or JSON where it came as a <c>TypedStruct</c>.</summary>
public sealed class HttpFilterConfiguration
{
    internal HttpFilterConfiguration(string typeUrl, ReadOnlyMemory<byte> message, string? json)
    {
        TypeUrl = typeUrl;
        Message = message;
        Json = json;
    }

    /// <summary>Its type: one of <see cref="IHttpFilterFactory.TypeUrls"/>.</summary>
    public string TypeUrl { get; }

    /// <summary>The serialized protobuf message; empty where <see cref="Json"/> is given, and for a message without any field set.</summary>
    public ReadOnlyMemory<byte> Message { get; }

    /// <summary>The JSON object of an <c>xds.type.v3.TypedStruct</c> or <c>udpa.type.v1.TypedStruct</c>; <see langword="null"/> where a message was delivered.</summary>
    public string? Json { get; }
}
