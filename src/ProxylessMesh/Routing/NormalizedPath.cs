namespace ProxylessMesh.Routing;

/// <summary>What normalization makes of a path.</summary>
/// <param name="PathAndQuery">The path in its normal form, and the query.</param>
/// <param name="LocalStatus">The status to answer with in place of sending; 0 to go on.</param>
internal readonly record struct NormalizedPath(string PathAndQuery, int LocalStatus)
{
    /// <summary>The path holds what the listener refuses.</summary>
    public const int Rejected = 400;

    /// <summary>The caller is to ask again, by the normal form.</summary>
    public const int Redirected = 307;
}
