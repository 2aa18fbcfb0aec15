namespace ProxylessMesh.Architecture.Tests.Dependencies;

/// <summary>One folder of src/ProxylessMesh, which is one namespace, and what of the house it may name.</summary>
/// <param name="Name">The folder.</param>
/// <param name="MayName">The other folders that it may name.</param>
internal sealed record Layer(string Name, params string[] MayName)
{
    public string Namespace => $"{Layers.Root}.{Name}";

    public override string ToString() => Name;
}

/// <summary>The order of the house (docs/architecture.md), as rules.</summary>
internal static class Layers
{
    public const string Root = "ProxylessMesh";

    /// <summary>The stages of the request's road in the order in which a request meets them.</summary>
    public static readonly string[] RequestRoad = ["Http", "Routing", "Filters", "Resilience", "Clusters", "LoadBalancing", "Transport"];

    /// <summary>What puts the house together, and what only that may name.</summary>
    public static readonly string[] CompositionRoot = ["Mesh", "MeshRuntime", "MeshOptions", "MeshOptionsValidator"];

    /// <summary>Where everything may be named: the two roads meet here.</summary>
    public static readonly string[] CompositionFolders = ["DependencyInjection"];

    private static readonly string[] Ground = ["Configuration", "Matching", "Telemetry"];

    /// <summary>Folders that do not exist yet have their rules already.</summary>
    public static readonly Layer[] All =
    [
        new("Matching"),
        new("Telemetry"),
        new("Configuration", "Matching", "Telemetry"),
        new("Messages", [.. Ground]),
        new("Bootstrap"),
        new("Authorization", "Matching"),
        new("Security", "Configuration", "Matching", "Telemetry"),
        new("Xds", [.. Ground, "Bootstrap"]),

        // What filters ask over the wire, behind interfaces of theirs.
        new("Services", [.. Ground, "Filters"]),
        .. RequestRoad.Select(Stage),
    ];

    /// <summary>A stage names what stands below it and never what stands above.</summary>
    private static Layer Stage(string name, int place)
    {
        string[] below = [.. RequestRoad[(place + 1)..], .. Ground, "Messages", "Security"];

        // Which hosts belong to the mesh depends on who the bootstrap says we are.
        return new Layer(name, name == "Http" ? [.. below, "Bootstrap", "Authorization"] : below);
    }
}
