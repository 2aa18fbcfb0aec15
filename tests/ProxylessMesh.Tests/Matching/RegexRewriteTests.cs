using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public sealed class RegexRewriteTests
{
    [Theory]
    [InlineData("a", "b", "/aaa", "/bbb")]
    [InlineData("^/(.*)$", @"/x/\1", "/y", "/x/y")]
    [InlineData("(?P<first>[a-z])(.)", @"\2\1\0", "ab", "baab")]
    [InlineData("b*", "x", "abbc", "xaxcx")]
    [InlineData("a*", "x", "aaa", "x")]
    [InlineData("/", @"\\", "/a/", @"\a\")]
    [InlineData("z", "x", "/a", "/a")]
    public void Apply_Pattern_ReplacesEveryMatchAsRe2Does(string pattern, string substitution, string value, string expected)
    {
        Assert.True(SafeRegex.TryParse(pattern, out var regex, out var error), error);
        Assert.True(RegexRewrite.TryParse(regex, substitution, out var rewrite, out error), error);

        Assert.Equal(expected, rewrite.Apply(value));
    }
}
