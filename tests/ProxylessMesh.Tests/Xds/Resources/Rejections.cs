using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>What the tables of broken rules have in common.</summary>
internal static class Rejections
{
    /// <summary>The resource is rejected with these errors and no others; each is given by its beginning.</summary>
    public static void AssertErrors<T>(string[] expected, DecodeResult<T> result)
        where T : class
    {
        Assert.False(result.IsAccepted, "The resource was accepted.");
        Assert.True(
            expected.Length == result.Errors.Count && expected.Zip(result.Errors).All(static pair => pair.Second.StartsWith(pair.First, StringComparison.Ordinal)),
            $"expected\n  {string.Join("\n  ", expected)}\nbut was\n  {string.Join("\n  ", result.Errors)}");
    }
}
