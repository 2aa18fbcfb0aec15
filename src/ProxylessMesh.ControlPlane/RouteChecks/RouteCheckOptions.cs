namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>What a <see cref="RouteChecker"/> takes for granted round the routes.</summary>
public sealed class RouteCheckOptions
{
    /// <summary>The names of clusters that do not exist, so that their routes answer by <c>cluster_not_found_response_code</c>.</summary>
    /// <value>Default: empty. Every cluster exists.</value>
    public ISet<string> MissingClusters { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>
    /// Whether paths are brought into their normal form first, as a listener with <c>normalize_path</c>, <c>merge_slashes</c> and
    /// <c>path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD</c> asks for.
    /// </summary>
    /// <value>Default: <see langword="false"/>.</value>
    public bool NormalizesPaths { get; set; }
}
