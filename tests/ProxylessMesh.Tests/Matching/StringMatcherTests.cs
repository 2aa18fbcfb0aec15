using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public class StringMatcherTests
{
    [Theory]
    [InlineData("Val", false, "Val", true)]
    [InlineData("Val", false, "val", false)]
    [InlineData("Val", true, "vAL", true)]
    [InlineData("Val", true, "Value", false)]
    [InlineData("", false, "", true)]
    public void IsMatch_Exact(string value, bool ignoreCase, string input, bool expected)
        => Assert.Equal(expected, StringMatcher.Exact(value, ignoreCase).IsMatch(input));

    [Theory]
    [InlineData("Va", false, "Val", true)]
    [InlineData("Va", false, "val", false)]
    [InlineData("Va", true, "val", true)]
    [InlineData("Va", false, "V", false)]
    [InlineData("Va", false, "xVa", false)]
    public void IsMatch_Prefix(string value, bool ignoreCase, string input, bool expected)
        => Assert.Equal(expected, StringMatcher.Prefix(value, ignoreCase).IsMatch(input));

    [Theory]
    [InlineData("al", false, "Val", true)]
    [InlineData("al", false, "VAL", false)]
    [InlineData("al", true, "VAL", true)]
    [InlineData("al", false, "Valx", false)]
    public void IsMatch_Suffix(string value, bool ignoreCase, string input, bool expected)
        => Assert.Equal(expected, StringMatcher.Suffix(value, ignoreCase).IsMatch(input));

    [Theory]
    [InlineData("AL", false, "xALx", true)]
    [InlineData("AL", false, "xalx", false)]
    [InlineData("AL", true, "xalx", true)]
    [InlineData("AL", true, "xa", false)]
    public void IsMatch_Contains(string value, bool ignoreCase, string input, bool expected)
        => Assert.Equal(expected, StringMatcher.Contains(value, ignoreCase).IsMatch(input));

    [Fact]
    public void Equals_ComparesKindValueAndCase()
    {
        Assert.Equal(StringMatcher.Exact("a"), StringMatcher.Exact("a"));
        Assert.NotEqual(StringMatcher.Exact("a"), StringMatcher.Prefix("a"));
        Assert.NotEqual(StringMatcher.Exact("a"), StringMatcher.Exact("b"));
        Assert.NotEqual(StringMatcher.Exact("a"), StringMatcher.Exact("a", ignoreCase: true));
    }

    [Fact]
    public void ToString_SaysWhatItComparesWith()
    {
        Assert.Equal("prefix '/a' (ignoring case)", StringMatcher.Prefix("/a", ignoreCase: true).ToString());
    }
}
