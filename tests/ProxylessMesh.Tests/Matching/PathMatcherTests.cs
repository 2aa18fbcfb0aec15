using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public class PathMatcherTests
{
    [Theory]
    [InlineData("/prefix", true, "/prefix", true)]
    [InlineData("/prefix", true, "/prefixed", true)] // a plain string prefix, not one of segments
    [InlineData("/prefix", true, "/prefi", false)]
    [InlineData("/prefix", true, "/PREFIX", false)]
    [InlineData("/PRE", false, "/pre/x", true)]
    [InlineData("", true, "/anything", true)]
    public void IsMatch_Prefix(string prefix, bool caseSensitive, string path, bool expected)
        => Assert.Equal(expected, PathMatcher.Prefix(prefix, caseSensitive).IsMatch(path));

    [Theory]
    [InlineData("/CaSe", false, "/cAsE", true)]
    [InlineData("/CaSe", false, "/cAsE/", false)]
    [InlineData("/CaSe", true, "/case", false)]
    [InlineData("/exact", true, "/exact", true)]
    public void IsMatch_Exact(string exact, bool caseSensitive, string path, bool expected)
        => Assert.Equal(expected, PathMatcher.Exact(exact, caseSensitive).IsMatch(path));

    [Theory]
    [InlineData("/a", true, "/a", true)]
    [InlineData("/a", true, "/a/", true)]
    [InlineData("/a", true, "/a/b", true)]
    [InlineData("/a", true, "/ab", false)] // segments, not a plain string prefix
    [InlineData("/a", true, "/", false)]
    [InlineData("/a", true, "/A/b", false)]
    [InlineData("/A", false, "/a/b", true)]
    public void IsMatch_SegmentPrefix(string prefix, bool caseSensitive, string path, bool expected)
        => Assert.Equal(expected, PathMatcher.SegmentPrefix(prefix, caseSensitive).IsMatch(path));

    [Fact]
    public void IsMatch_Regex_MatchesTheWholePath()
    {
        Assert.True(SafeRegex.TryParse(".*[.]png", out var regex, out _));
        var matcher = PathMatcher.Regex(regex);

        Assert.True(matcher.IsMatch("/a/b.png"));
        Assert.False(matcher.IsMatch("/a/b.pngx"));
        Assert.False(matcher.IsMatch("/a/b.PNG"));
    }
}
