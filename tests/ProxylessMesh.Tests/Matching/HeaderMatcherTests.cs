using Microsoft.Extensions.Primitives;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public class HeaderMatcherTests
{
    [Theory]
    [InlineData("Val", true)]
    [InlineData("val", false)]
    [InlineData(" Val ", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsMatch_String(string? value, bool expected)
    {
        var matcher = HeaderMatcher.String("v", StringMatcher.Exact("Val"));

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData("yes", true)]
    [InlineData("no", false)]
    [InlineData("", true)]
    [InlineData(null, false)] // "an absent header never matches", inverted or not
    public void IsMatch_InvertedString(string? value, bool expected)
    {
        var matcher = HeaderMatcher.String("v", StringMatcher.Exact("no")) with { Invert = true };

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("", true)]
    [InlineData(null, true)]
    [InlineData("no", false)]
    public void IsMatch_InvertedAndMissingIsEmpty_MatchesAnAbsentHeader(string? value, bool expected)
    {
        var matcher = HeaderMatcher.String("v", StringMatcher.Exact("no")) with { Invert = true, TreatMissingAsEmpty = true };

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("", true)]
    [InlineData(null, true)]
    [InlineData("b", false)]
    public void IsMatch_MissingIsEmpty_ComparesWithTheEmptyString(string? value, bool expected)
    {
        Assert.True(SafeRegex.TryParse("a?", out var regex, out _));
        var matcher = HeaderMatcher.String("v", StringMatcher.Regex(regex)) with { TreatMissingAsEmpty = true };

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData("-5", true)] // [-5, 10)
    [InlineData("+4", true)]
    [InlineData("9", true)]
    [InlineData("10", false)]
    [InlineData("-6", false)]
    [InlineData("9.5", false)]
    [InlineData("0x3", false)]
    [InlineData(" 3\t", true)] // white space round a value is no part of it
    [InlineData("3 4", false)]
    [InlineData("9223372036854775808", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsMatch_Range(string? value, bool expected)
    {
        var matcher = HeaderMatcher.Range("v", -5, 10);

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData("3", false)]
    [InlineData("5", true)]
    [InlineData("9.5", true)] // no integer, hence not in the range, hence a match
    [InlineData("0x3", true)]
    [InlineData(null, false)]
    public void IsMatch_InvertedRange(string? value, bool expected)
    {
        var matcher = HeaderMatcher.Range("v", 0, 5) with { Invert = true };

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData(true, false, "x", true)]
    [InlineData(true, false, "", true)]
    [InlineData(true, false, null, false)]
    [InlineData(true, true, "x", false)]
    [InlineData(true, true, null, true)]
    [InlineData(false, false, "x", false)]
    [InlineData(false, false, null, true)]
    [InlineData(false, true, "x", true)]
    [InlineData(false, true, null, false)]
    public void IsMatch_Present(bool present, bool invert, string? value, bool expected)
    {
        var matcher = HeaderMatcher.Present("v", present) with { Invert = invert };

        Assert.Equal(expected, matcher.IsMatch(Values(value)));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("b", true)]
    [InlineData("a,b", true)]
    [InlineData("b,a", false)]
    [InlineData("c", false)]
    public void IsMatch_SeveralValues_TriesEachAndAllJoined(string expectedValue, bool expected)
    {
        var matcher = HeaderMatcher.String("v", StringMatcher.Exact(expectedValue));

        Assert.Equal(expected, matcher.IsMatch(new StringValues(["a", "b"])));
        Assert.Equal(!expected, (matcher with { Invert = true }).IsMatch(new StringValues(["a", "b"])));
    }

    [Fact]
    public void Name_IsLowerCase()
    {
        Assert.Equal("x-version", HeaderMatcher.Present("X-Version").Name);
    }

    private static StringValues Values(string? value) => value is null ? StringValues.Empty : new StringValues(value);
}
