using ProxylessMesh.Architecture.Tests.Assemblies;

namespace ProxylessMesh.Architecture.Tests.Dependencies;

/// <summary>Types of a namespace, the nested ones included, must not name types for which the predicate holds.</summary>
internal sealed record DependencyRule(string Namespace, Func<TypeName, bool> MustNotName)
{
    /// <summary>What breaks the rule, in words; empty when nothing does.</summary>
    public IReadOnlyList<string> Check(IEnumerable<TypeUse> uses)
        => [.. uses.Where(use => use.User.IsIn(Namespace) && MustNotName(use.Used)).Select(use => use.ToString()).Order(StringComparer.Ordinal)];

    /// <summary>The rule of a layer: of the house it names only itself, what stands below it, and the vocabulary at the root.</summary>
    public static DependencyRule Of(Layer layer) => new(layer.Namespace, used => used switch
    {
        { Namespace: Layers.Root } => Layers.CompositionRoot.Contains(used.Name),
        _ when !used.IsIn(Layers.Root) || used.IsIn(layer.Namespace) => false,
        _ when used.IsIn($"{Layers.Root}.Protos") => layer.Name is not ("Xds" or "Services"),
        _ => !layer.MayName.Any(name => used.IsIn($"{Layers.Root}.{name}")),
    });
}
