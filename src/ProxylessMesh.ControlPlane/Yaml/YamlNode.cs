using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>A node of a YAML document that remembers its line. Unlike YamlDotNet's own tree it keeps duplicate keys, so that they can be reported.</summary>
internal abstract record YamlNode(int Line);

/// <summary>A scalar as written.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Value">Its text.</param>
/// <param name="IsPlain">Not quoted: then it may be a number, a boolean or null.</param>
internal sealed record YamlScalar(int Line, string Value, bool IsPlain) : YamlNode(Line)
{
    public bool IsNull => IsPlain && (Value is "" or "~" or "null" or "Null" or "NULL");
}

internal sealed record YamlSequence(int Line, ImmutableArray<YamlNode> Items) : YamlNode(Line);

internal sealed record YamlMapping(int Line, ImmutableArray<YamlEntry> Entries) : YamlNode(Line);

/// <summary>A key with its value; the line is the key's.</summary>
internal sealed record YamlEntry(int Line, string Key, YamlNode Value);
