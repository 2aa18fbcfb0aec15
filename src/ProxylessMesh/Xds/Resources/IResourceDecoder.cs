using Google.Protobuf;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Decodes and validates the resources of one type. Stateless; never throws on bad input.</summary>
internal interface IResourceDecoder<T>
    where T : class
{
    /// <summary>The type URL its resources are sent under.</summary>
    string TypeUrl { get; }

    /// <param name="value">The serialized resource, the <c>value</c> of its <c>Any</c>.</param>
    DecodeResult<T> Decode(ByteString value);
}

/// <summary>
/// What became of one resource. <see cref="Name"/> is known even for most rejected resources, so that the rejection
/// reaches those who wait for that name. <see cref="Warnings"/> name what is accepted but has no effect in this version.
/// </summary>
/// <param name="Name">The resource's name, or an empty string when not even that could be read.</param>
/// <param name="Resource">The decoded resource, or <see langword="null"/> when it was rejected.</param>
/// <param name="Errors">Every rule broken, each with the path of its field; empty when accepted.</param>
/// <param name="Warnings">What is ignored by name.</param>
internal sealed record DecodeResult<T>(string Name, T? Resource, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings)
    where T : class
{
    public bool IsAccepted => Resource is not null;
}
