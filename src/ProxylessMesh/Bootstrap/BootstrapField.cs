using System.Globalization;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>One value of a bootstrap together with where it stands, so that every error can say so.</summary>
internal readonly record struct BootstrapField(JsonElement Value, string Path, string Origin)
{
    /// <param name="name">A field of this object.</param>
    /// <returns><see langword="null"/> when it is absent or JSON null.</returns>
    public BootstrapField? Find(string name) =>
        Value.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? Of(value, name)
            : null;

    public BootstrapField? FindObject(string name, string remedy) => Find(name)?.Require(JsonValueKind.Object, "an object", remedy);

    /// <returns>The elements, none when the field is absent.</returns>
    public IReadOnlyList<BootstrapField> FindArray(string name, string remedy)
    {
        if (Find(name)?.Require(JsonValueKind.Array, "an array", remedy) is not { } array)
        {
            return [];
        }

        var items = new List<BootstrapField>(array.Value.GetArrayLength());
        foreach (var item in array.Value.EnumerateArray())
        {
            items.Add(array.At(item, items.Count));
        }

        return items;
    }

    /// <summary>A member of this object.</summary>
    public BootstrapField Of(JsonElement member, string name) => new(member, $"{Path}.{name}", Origin);

    /// <summary>An element of this array.</summary>
    public BootstrapField At(JsonElement item, int index) => new(item, string.Create(CultureInfo.InvariantCulture, $"{Path}[{index}]"), Origin);

    public string? FindString(string name, string remedy) => Find(name)?.AsString(remedy);

    public bool? FindBoolean(string name, string remedy) => Find(name) switch
    {
        null => null,
        { Value.ValueKind: JsonValueKind.True } => true,
        { Value.ValueKind: JsonValueKind.False } => false,
        { } field => throw field.Error("is not true or false", remedy),
    };

    public string AsString(string remedy) => Require(JsonValueKind.String, "a string", remedy).Value.GetString()!;

    public BootstrapField Require(JsonValueKind kind, string kindInWords, string remedy) =>
        Value.ValueKind == kind ? this : throw Error($"is not {kindInWords}", remedy);

    /// <summary>A member of this object that has to be there and is not.</summary>
    public MeshBootstrapException Missing(string name, string remedy) => new(Origin, $"{Path}.{name}", "is missing", remedy);

    public MeshBootstrapException Error(string problem, string remedy) => new(Origin, Path, problem, remedy);
}
