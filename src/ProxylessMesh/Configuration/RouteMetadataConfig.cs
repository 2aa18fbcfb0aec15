using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>What a route says of itself (<c>Route.metadata</c>), as far as it is strings.</summary>
/// <param name="Values">By the keys of the way there, the filter's first.</param>
internal sealed record RouteMetadataConfig(ImmutableDictionary<string, string> Values)
{
    public static readonly RouteMetadataConfig None = new(ImmutableDictionary<string, string>.Empty);

    // No key of a metadata path is told from another by it.
    private const char Separator = '\0';

    /// <returns>The string that stands there, or <see langword="null"/>.</returns>
    public string? Find(MetadataPathConfig path) => Values.IsEmpty ? null : Values.GetValueOrDefault(KeyOf(path.Filter, path.Path));

    public static string KeyOf(string filter, params IEnumerable<string> path) => string.Join(Separator, path.Prepend(filter));
}
