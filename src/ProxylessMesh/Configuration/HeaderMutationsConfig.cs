using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>What a level of the configuration does to the headers of requests and responses: first removes, then adds.</summary>
internal sealed record HeaderMutationsConfig
{
    public static readonly HeaderMutationsConfig None = new();

    public ImmutableArray<HeaderAdditionConfig> RequestAdditions { get; init; } = [];

    /// <summary>In lower case.</summary>
    public ImmutableArray<string> RequestRemovals { get; init; } = [];

    public ImmutableArray<HeaderAdditionConfig> ResponseAdditions { get; init; } = [];

    /// <summary>In lower case.</summary>
    public ImmutableArray<string> ResponseRemovals { get; init; } = [];

    public bool HasRequest => !RequestAdditions.IsEmpty || !RequestRemovals.IsEmpty;

    public bool HasResponse => !ResponseAdditions.IsEmpty || !ResponseRemovals.IsEmpty;
}

/// <summary>A header to add (<c>HeaderValueOption</c>).</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">What it says.</param>
/// <param name="Action">What becomes of a header of this name that is there.</param>
/// <param name="KeepEmpty">Add it even when its value comes out empty.</param>
internal sealed record HeaderAdditionConfig(string Name, HeaderFormat Value, HeaderAppendAction Action, bool KeepEmpty);

/// <summary><c>HeaderValueOption.HeaderAppendAction</c>.</summary>
internal enum HeaderAppendAction
{
    AppendIfExistsOrAdd,
    AddIfAbsent,
    OverwriteIfExistsOrAdd,
    OverwriteIfExists,
}
