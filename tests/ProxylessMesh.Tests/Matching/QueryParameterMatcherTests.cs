using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public sealed class QueryParameterMatcherTests
{
    [Theory]
    [InlineData("e=v", true)]
    [InlineData("a=b&e=v", true)]
    [InlineData("&e=v&", true)]
    [InlineData("e=w&e=v", false)]
    [InlineData("E=v", false)]
    [InlineData("%65=v", false)]
    [InlineData("e", false)]
    [InlineData("", false)]
    public void IsMatch_Value_LooksAtTheFirstOfTheName(string query, bool expected)
        => Assert.Equal(expected, new QueryParameterMatcher("e", StringMatcher.Exact("v")).IsMatch(query));

    [Theory]
    [InlineData("e", true)]
    [InlineData("e=1", true)]
    [InlineData("ee=1", false)]
    [InlineData("", false)]
    public void IsMatch_Presence_LooksForTheName(string query, bool isPresent)
    {
        Assert.Equal(isPresent, new QueryParameterMatcher("e", Value: null).IsMatch(query));
        Assert.Equal(!isPresent, new QueryParameterMatcher("e", Value: null, Present: false).IsMatch(query));
    }
}
