using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public sealed class UriTemplateTests
{
    [Theory]
    [InlineData("/a/*", "/a/b", true)]
    [InlineData("/a/*", "/a/", false)]
    [InlineData("/a/*", "/a/b/c", false)]
    [InlineData("/a/*", "/a/b%2Fc", true)]
    [InlineData("/a/**", "/a/", true)]
    [InlineData("/a/**", "/a/b/c", true)]
    [InlineData("/a/**", "/a", false)]
    [InlineData("/a.b", "/axb", false)]
    [InlineData("/{x=v1/*}/end", "/v1/z/end", true)]
    [InlineData("/{x=v1/*}/end", "/v2/z/end", false)]
    public void IsMatch_Template_MatchesTheWholePath(string text, string path, bool expected)
    {
        Assert.True(UriTemplate.TryParse(text, out var template, out var error), error);

        Assert.Equal(expected, PathMatcher.Uri(template).IsMatch(path));
    }

    [Theory]
    [InlineData("/{a}/{b=**}", "/{b}/of/{a}", "/x/y/z", "/y/z/of/x")]
    [InlineData("/{a}", "/fixed", "/x", "/fixed")]
    [InlineData("/{a}.json", "/{a}/{a}", "/x.json", "/x/x")]
    public void Apply_Rewrite_PutsVariablesInPlace(string text, string rewritten, string path, string expected)
    {
        Assert.True(UriTemplate.TryParse(text, out var template, out var error), error);
        Assert.True(UriTemplateRewrite.TryParse(rewritten, template, out var rewrite, out error), error);

        Assert.Equal(expected, rewrite.Apply(path));
    }

    [Theory]
    [InlineData("/{b}", "'b' is no variable of '/{a}'")]
    [InlineData("/{a", "'a' is no variable of '/{a}'")]
    [InlineData("{a}", "must begin with '/'")]
    [InlineData("/a b", "'/a b' must be a path")]
    public void TryParse_WrongRewrite_SaysWhy(string rewritten, string expected)
    {
        Assert.True(UriTemplate.TryParse("/{a}", out var template, out _));

        Assert.False(UriTemplateRewrite.TryParse(rewritten, template, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
