using System.Collections.Immutable;
using System.Globalization;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Reads the fields of one mapping strictly: it remembers which fields were asked for, and <see cref="Finish"/> rejects the
/// rest. A wrong type is reported once and read as absent, so that reading goes on and finds the other problems too.
/// </summary>
internal sealed class FieldReader
{
    private readonly ProblemCollector _problems;
    private readonly YamlMapping _node;
    private readonly string _file;
    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);

    public FieldReader(YamlMapping node, string file, string path, ResourceIdentity? resource, ProblemCollector problems)
    {
        _file = file;
        _node = node;
        _problems = problems;
        Path = path;
        Resource = resource;
        ReportDuplicates();
    }

    /// <summary>The path of this mapping; empty at the top of a document.</summary>
    public string Path { get; }

    /// <summary>The resource that problems are reported under.</summary>
    public ResourceIdentity? Resource { get; }

    public ImmutableArray<YamlEntry> Entries => _node.Entries;

    public SourceField Self => At(_node.Line, Path);

    /// <summary>Where a field stands, or where it would have to stand.</summary>
    public SourceField Field(string key) => At(Find(key)?.Line ?? _node.Line, PathOf(key));

    public bool Has(string key) => Get(key) is not null;

    public void Error(string key, string message) => _problems.Error(Resource, Field(key), message);

    public void Error(SourceField field, string message) => _problems.Error(Resource, field, message);

    public void Warning(string key, string message) => _problems.Warning(Resource, Field(key), message);

    public void Required(string key)
    {
        if (!Has(key))
        {
            Error(key, "is required");
        }
    }

    /// <summary>A field as it was written, for those who read it otherwise.</summary>
    public YamlNode? Node(string key) => Get(key);

    public string? String(string key) => Get(key) is { } node ? AsString(node, PathOf(key)) : null;

    /// <returns>The text, or an empty string after having reported that it is missing.</returns>
    public string RequiredString(string key)
    {
        if (!Has(key))
        {
            Error(key, "is required");
            return "";
        }

        var value = String(key);
        if (value is { Length: 0 })
        {
            Error(key, "must not be empty");
        }

        return value ?? "";
    }

    /// <summary>The text of a field that may be a string or a number.</summary>
    public string? Scalar(string key)
    {
        switch (Get(key))
        {
            case null:
                return null;
            case YamlScalar scalar:
                return scalar.Value;
            case { } node:
                Error(At(node.Line, PathOf(key)), "must be a string or a number");
                return null;
        }
    }

    public long? Integer(string key, long min, long max) => Get(key) is { } node ? AsInteger(node, PathOf(key), min, max) : null;

    /// <summary>A number with or without a fraction.</summary>
    public double? Number(string key, double min, double max)
    {
        switch (Get(key))
        {
            case null:
                return null;
            case YamlScalar { IsPlain: true } scalar
                when double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max:
                return value;
            case { } node:
                Error(At(node.Line, PathOf(key)), string.Create(CultureInfo.InvariantCulture, $"must be a number from {min} to {max}"));
                return null;
        }
    }

    public int? Port(string key) => (int?)Integer(key, 1, ushort.MaxValue);

    public bool Boolean(string key, bool byDefault = false)
    {
        switch (Get(key))
        {
            case null:
                return byDefault;
            case YamlScalar { IsPlain: true, Value: "true" or "false" } scalar:
                return scalar.Value == "true";
            case { } node:
                Error(At(node.Line, PathOf(key)), "must be true or false");
                return byDefault;
        }
    }

    public T? Object<T>(string key, Func<FieldReader, T?> read)
        where T : class
        => Get(key) is { } node ? AsObject(node, PathOf(key), read) : null;

    public ImmutableArray<T> Objects<T>(string key, Func<FieldReader, T> read)
        where T : class
        => Items(key, (node, path) => AsObject(node, path, read));

    public ImmutableArray<string> Strings(string key) => Items(key, AsString);

    public ImmutableArray<long> Integers(string key, long min, long max)
        => [.. Items(key, (node, path) => AsInteger(node, path, min, max) is { } value ? new Whole(value) : null).Select(item => item.Value)];

    /// <summary>The same, for lists whose items are checked one by one.</summary>
    public ImmutableArray<SourceText> Texts(string key)
        => Items(key, (node, path) => AsString(node, path) is { } text ? new SourceText(text, At(node.Line, path)) : null);

    public ImmutableSortedDictionary<string, string> StringMap(string key) => Map(key, AsString);

    public ImmutableSortedDictionary<string, int> PortMap(string key)
        => Map(key, (node, path) => AsInteger(node, path, 1, ushort.MaxValue)?.ToString(CultureInfo.InvariantCulture))
            .ToImmutableSortedDictionary(pair => pair.Key, pair => int.Parse(pair.Value, CultureInfo.InvariantCulture), StringComparer.Ordinal);

    /// <summary>Fields that Istio has and this version cannot carry out. Ignoring one would send traffic where it was not meant to go.</summary>
    public void NotSupported(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Has(key))
            {
                Error(key, "is not supported in this version; remove it");
            }

            // Not offered as an alternative when an unknown field is reported.
            _known.Remove(key);
        }
    }

    /// <summary>Fields that are read by others and say nothing here.</summary>
    public void Accept(params ReadOnlySpan<string> keys) => _known.UnionWith(keys.ToArray());

    /// <summary>Rejects every field that was not asked for, with a reason of its own.</summary>
    public void FinishOr(string message)
    {
        foreach (var entry in _node.Entries)
        {
            if (!_known.Contains(entry.Key))
            {
                Error(At(entry.Line, PathOf(entry.Key)), $"{message}; known here: {string.Join(", ", _known)}");
            }
        }
    }

    /// <summary>Rejects every field that was not asked for. <paramref name="notSupported"/> were reported already.</summary>
    public void Finish(params ReadOnlySpan<string> notSupported)
    {
        NotSupported(notSupported);
        foreach (var entry in _node.Entries)
        {
            if (!_known.Contains(entry.Key) && !notSupported.Contains(entry.Key))
            {
                Error(At(entry.Line, PathOf(entry.Key)), $"is not a known field; known here: {string.Join(", ", _known)}");
            }
        }
    }

    private void ReportDuplicates()
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in _node.Entries)
        {
            if (!first.TryAdd(entry.Key, entry.Line))
            {
                Error(At(entry.Line, PathOf(entry.Key)), $"is given twice (first in line {first[entry.Key]}); remove one");
            }
        }
    }

    private YamlNode? Get(string key)
    {
        _known.Add(key);
        return Find(key)?.Value is { } value and not YamlScalar { IsNull: true } ? value : null;
    }

    private YamlEntry? Find(string key)
    {
        foreach (var entry in _node.Entries)
        {
            if (string.Equals(entry.Key, key, StringComparison.Ordinal))
            {
                return entry;
            }
        }

        return null;
    }

    private SourceField At(int line, string path) => new(_file, line, path);

    private string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    private ImmutableArray<T> Items<T>(string key, Func<YamlNode, string, T?> read)
        where T : class
    {
        switch (Get(key))
        {
            case null:
                return [];
            case YamlSequence sequence:
                var items = ImmutableArray.CreateBuilder<T>(sequence.Items.Length);
                for (var i = 0; i < sequence.Items.Length; i++)
                {
                    if (read(sequence.Items[i], $"{PathOf(key)}[{i}]") is { } item)
                    {
                        items.Add(item);
                    }
                }

                return items.ToImmutable();
            case { } node:
                Error(At(node.Line, PathOf(key)), "must be a list; start each item with '- '");
                return [];
        }
    }

    private ImmutableSortedDictionary<string, string> Map(string key, Func<YamlNode, string, string?> read)
    {
        switch (Get(key))
        {
            case null:
                return ImmutableSortedDictionary<string, string>.Empty;
            case YamlMapping mapping:
                var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
                foreach (var entry in new FieldReader(mapping, _file, PathOf(key), Resource, _problems).Entries)
                {
                    if (read(entry.Value, $"{PathOf(key)}.{entry.Key}") is { } value)
                    {
                        map[entry.Key] = value;
                    }
                }

                return map.ToImmutable();
            case { } node:
                Error(At(node.Line, PathOf(key)), "must be a mapping of 'name: value'");
                return ImmutableSortedDictionary<string, string>.Empty;
        }
    }

    private T? AsObject<T>(YamlNode node, string path, Func<FieldReader, T?> read)
        where T : class
    {
        if (node is YamlMapping mapping)
        {
            return read(new FieldReader(mapping, _file, path, Resource, _problems));
        }

        Error(At(node.Line, path), "must be a mapping of 'field: value'");
        return null;
    }

    private string? AsString(YamlNode node, string path)
    {
        if (node is YamlScalar scalar && (!scalar.IsPlain || !IsNumberOrBoolean(scalar.Value)))
        {
            return scalar.Value;
        }

        Error(At(node.Line, path), node is YamlScalar other ? $"must be a string; write \"{other.Value}\" in quotes" : "must be a string");
        return null;
    }

    private long? AsInteger(YamlNode node, string path, long min, long max)
    {
        if (node is YamlScalar { IsPlain: true } scalar
            && long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max)
        {
            return value;
        }

        Error(At(node.Line, path), $"must be a whole number from {min} to {max}{(node is YamlScalar text ? $", not '{text.Value}'" : "")}");
        return null;
    }

    // As the API server of Kubernetes reads it: such a scalar has another type, and a string field rejects it.
    private static bool IsNumberOrBoolean(string value)
        => value is "true" or "false" || double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    /// <summary>A number among the items of a list, which are objects.</summary>
    private sealed record Whole(long Value);
}
