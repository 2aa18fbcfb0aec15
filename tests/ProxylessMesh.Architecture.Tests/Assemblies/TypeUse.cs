namespace ProxylessMesh.Architecture.Tests.Assemblies;

/// <summary>One type names another somewhere: in a signature, a field, a method's body, a generic argument, an attribute.</summary>
/// <param name="User">The outermost type in which the name stands.</param>
/// <param name="Used">The outermost type that is named.</param>
internal sealed record TypeUse(TypeName User, TypeName Used)
{
    public override string ToString() => $"{User} names {Used}";
}

/// <summary>A type's namespace and name.</summary>
internal sealed record TypeName(string Namespace, string Name)
{
    /// <summary>Whether the type is in the namespace or in one below it.</summary>
    public bool IsIn(string ns) => Namespace == ns || Namespace.StartsWith(ns + ".", StringComparison.Ordinal);

    public override string ToString() => $"{Namespace}.{Name}";
}
