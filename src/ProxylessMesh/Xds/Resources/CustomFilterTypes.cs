using System.Collections.Frozen;

namespace ProxylessMesh.Xds.Resources;

/// <summary>The types of the application's own filters. Immutable.</summary>
internal sealed class CustomFilterTypes
{
    public static readonly CustomFilterTypes None = new(FrozenDictionary<string, IHttpFilterFactory>.Empty);

    private readonly FrozenDictionary<string, IHttpFilterFactory> _factories;

    private CustomFilterTypes(FrozenDictionary<string, IHttpFilterFactory> factories) => _factories = factories;

    /// <exception cref="InvalidOperationException">A type is none, is one of the mesh's own, or has two factories.</exception>
    public static CustomFilterTypes Of(IEnumerable<IHttpFilterFactory> factories)
    {
        var found = new Dictionary<string, IHttpFilterFactory>(StringComparer.Ordinal);
        foreach (var factory in factories.Distinct())
        {
            if (factory.TypeUrls.Count == 0)
            {
                throw new InvalidOperationException($"The HTTP filter factory {factory.GetType()} names no type; give those of its configuration, such as '{ResourceTypes.Prefix}acme.Guard'.");
            }

            foreach (var typeUrl in factory.TypeUrls)
            {
                if (!typeUrl.StartsWith(ResourceTypes.Prefix, StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"The HTTP filter factory {factory.GetType()} names the type '{typeUrl}'; a type begins with '{ResourceTypes.Prefix}'.");
                }

                if (FilterTypes.Filters.ContainsKey(typeUrl) || FilterTypes.Overrides.ContainsKey(typeUrl) || ExtensionTypes.IstioWithoutEffect.Contains(typeUrl))
                {
                    throw new InvalidOperationException($"The HTTP filter factory {factory.GetType()} names the type '{typeUrl}', which the mesh carries out itself; take a type of your own.");
                }

                if (!found.TryAdd(typeUrl, factory))
                {
                    throw new InvalidOperationException($"The type '{typeUrl}' has two HTTP filter factories, {found[typeUrl].GetType()} and {factory.GetType()}; register one.");
                }
            }
        }

        return new CustomFilterTypes(found.ToFrozenDictionary(StringComparer.Ordinal));
    }

    public IHttpFilterFactory? Find(string typeUrl) => _factories.GetValueOrDefault(typeUrl);
}
