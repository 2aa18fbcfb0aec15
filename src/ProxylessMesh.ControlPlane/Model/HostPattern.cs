namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Hosts that may start with a wildcard: <c>*</c>, <c>*.example.com</c>, or a plain name. In lower case.</summary>
internal static class HostPattern
{
    private const char Wildcard = '*';

    public static bool IsWildcard(string host) => host.StartsWith(Wildcard);

    /// <summary>Whether every host that <paramref name="host"/> stands for is one of <paramref name="pattern"/>'s. <c>*.foo</c> does not hold <c>foo</c>.</summary>
    public static bool Includes(string pattern, string host)
    {
        if (!IsWildcard(pattern))
        {
            return string.Equals(pattern, host, StringComparison.Ordinal);
        }

        var suffix = pattern.AsSpan(1);
        var rest = IsWildcard(host) ? host.AsSpan(1) : host;
        return rest.EndsWith(suffix, StringComparison.Ordinal) && (IsWildcard(host) || rest.Length > suffix.Length);
    }

    /// <summary>Whether the two have a host in common.</summary>
    public static bool Overlap(string first, string second) => Includes(first, second) || Includes(second, first);

    /// <summary>How precise a pattern is: exact names before wildcards, longer wildcards before shorter.</summary>
    public static int Precision(string pattern) => IsWildcard(pattern) ? pattern.Length : int.MaxValue;
}
