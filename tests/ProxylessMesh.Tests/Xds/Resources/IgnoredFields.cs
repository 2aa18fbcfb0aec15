namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>The fields that istiod sets and that are ignored on purpose, each with the reason.</summary>
internal static class IgnoredFields
{
    public static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>(StringComparer.Ordinal)
    {
    };
}
