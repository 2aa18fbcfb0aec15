using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Matching;

public class SafeRegexTests
{
    [Theory]
    [InlineData("/re/[a-z]+/\\d{2}", "/re/abc/12", true)]
    [InlineData("/re/[a-z]+/\\d{2}", "/re/abc/123", false)]
    [InlineData("/re/[a-z]+/\\d{2}", "x/re/abc/12", false)]
    [InlineData("/re/[a-z]+/\\d{2}", "/re/ABC/12", false)]
    [InlineData("(?i)/re/[a-z]+", "/RE/ABC", true)]
    [InlineData("(?i:a)b", "Ab", true)]
    [InlineData("(?i:a)b", "AB", false)]
    [InlineData("(?i)a(?-i)b", "AB", false)]
    [InlineData("(?i-s:a)b", "Ab", true)]
    [InlineData("a|bc", "bc", true)]
    [InlineData("a|bc", "abc", false)] // the whole input, alternation or not
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a$", "a", true)]
    [InlineData("^a", "a", true)]
    [InlineData("a", "a\n", false)]
    [InlineData("a$\\n", "a\n", false)] // .NET's $ would match before the line feed
    [InlineData("(?m)a$\\n", "a\n", true)]
    [InlineData(".", "\n", false)]
    [InlineData("(?s).", "\n", true)]
    [InlineData("(?U)a+", "aaa", true)]
    [InlineData("a+?b", "aaab", true)]
    [InlineData("a{,2}", "a{,2}", true)]
    public void IsMatch_WholeInput_FollowsRe2(string pattern, string input, bool expected)
    {
        Assert.Equal(expected, Parse(pattern).IsMatch(input));
    }

    [Theory]
    [InlineData("\\d", "\u0663", false)] // an Arabic digit, which .NET's \d takes
    [InlineData("\\D", "\u0663", true)]
    [InlineData("\\w", "\u00e9", false)]
    [InlineData("\\W", "\u00e9", true)]
    [InlineData("\\W", "_", false)]
    [InlineData("\\w+", "aZ_9", true)]
    [InlineData("\\s", "\v", false)]
    [InlineData("\\S", "\v", true)]
    [InlineData("[\\s]", "\t", true)]
    [InlineData("[^\\d]", "5", false)]
    [InlineData("[\\D5]", "5", true)]
    [InlineData("[[:alpha:]]+", "abZ", true)]
    [InlineData("[[:alpha:]]+", "a1", false)]
    [InlineData("[[:^alpha:]]", "1", true)]
    [InlineData("[[:digit:]_]+", "1_2", true)]
    [InlineData("[[:punct:]]", "`", true)]
    [InlineData("[[:punct:]]", "a", false)]
    [InlineData("[a-z-[x]]", "b]", true)] // .NET would subtract
    [InlineData("[a-z-[x]]", "b", false)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[^]a]", "b", true)]
    [InlineData("[^]a]", "]", false)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[\\d-z]", "-", true)]
    [InlineData("[\\x41-\\x43]", "B", true)]
    [InlineData("[\\]\\-]", "-", true)]
    [InlineData("[.]", "x", false)]
    [InlineData("\\pL", "\u00e9", true)]
    [InlineData("\\PL", "1", true)]
    [InlineData("\\p{Lu}", "A", true)]
    [InlineData("\\p{^Lu}", "A", false)]
    [InlineData("[\\p{Nd}x]", "x", true)]
    public void IsMatch_CharacterClass_FollowsRe2(string pattern, string input, bool expected)
    {
        Assert.Equal(expected, Parse(pattern).IsMatch(input));
    }

    [Theory] // a negated class takes everything else, ASCII or not
    [InlineData("[:alnum:]", "aZ09", "_- \u00e9")]
    [InlineData("[:alpha:]", "azAZ", "09_@[`{\u00e9")]
    [InlineData("[:ascii:]", "\0a\u007f", "\u0080")]
    [InlineData("[:blank:]", "\t ", "\na")]
    [InlineData("[:cntrl:]", "\0\u001f\u007f", " a")]
    [InlineData("[:digit:]", "09", "/:a\u0663")]
    [InlineData("[:graph:]", "!~a", " \u007f")]
    [InlineData("[:lower:]", "az", "A`{")]
    [InlineData("[:print:]", " ~a", "\u001f\u007f")]
    [InlineData("[:punct:]", "!/:@[`{~", "a0 ")]
    [InlineData("[:space:]", "\t\n\v\f\r ", "a\u00a0")]
    [InlineData("[:upper:]", "AZ", "a@[")]
    [InlineData("[:word:]", "aZ0_", "-\u00e9")]
    [InlineData("[:xdigit:]", "09afAF", "gG")]
    [InlineData("[:^alnum:]", "/:@[`{\u00e9\0", "aZ09")]
    [InlineData("[:^alpha:]", "09@[`{\u00e9\0", "azAZ")]
    [InlineData("[:^digit:]", "/:a\u0663", "09")]
    [InlineData("[:^lower:]", "A`{\u00e9", "az")]
    [InlineData("[:^space:]", "a!\u0008\u000e\u001f", "\t\n\v\f\r ")]
    [InlineData("[:^upper:]", "a@[", "AZ")]
    [InlineData("[:^word:]", "-`{[^\u00e9", "aZ0_")]
    public void IsMatch_NamedClass_TakesItsCharactersOnly(string name, string members, string others)
    {
        var regex = Parse($"[{name}]");

        Assert.All(members, member => Assert.True(regex.IsMatch([member])));
        Assert.All(others, other => Assert.False(regex.IsMatch([other])));
    }

    [Theory]
    [InlineData("(?P<name>a)b", "ab")]
    [InlineData("(?<name>a)b", "ab")]
    [InlineData("\\Qa.b(\\E+", "a.b((")]
    [InlineData("\\Qa.b", "a.b")]
    [InlineData("\\x41\\x{42}", "AB")]
    [InlineData("\\x{1F600}+", "\U0001F600\U0001F600")]
    [InlineData("\\101\\012", "A\n")]
    [InlineData("\\.\\/\\-\\ ", "./- ")]
    [InlineData("\\t\\n\\r\\f\\v\\a", "\t\n\r\f\v\a")]
    [InlineData("\\Aab\\z", "ab")]
    [InlineData("a\\b b", "a b")]
    public void IsMatch_Re2OnlyNotation_Matches(string pattern, string input)
    {
        Assert.True(Parse(pattern).IsMatch(input));
    }

    [Theory]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("a)|(?:b")] // between anchors it would mean "begins with a, or ends with b"
    [InlineData("[a")]
    [InlineData("[b-a]")]
    [InlineData("[[:nope:]]")]
    [InlineData("[\\x{1F600}]")]
    [InlineData("a**")]
    [InlineData("a\\")]
    [InlineData("(a)\\1")]
    [InlineData("(?=a)")]
    [InlineData("(?!a)")]
    [InlineData("(?<=a)")]
    [InlineData("(?<!a)")]
    [InlineData("(?>a)")]
    [InlineData("(?#comment)")]
    [InlineData("(?x)a # b")]
    [InlineData("(?P<name")]
    [InlineData("(?i")]
    [InlineData("\\Z")]
    [InlineData("\\u0041")]
    [InlineData("\\x{110000}")]
    [InlineData("\\xZZ")]
    [InlineData("\\p{NoSuchScript}")]
    [InlineData("((a{100}){100}){100}")] // would be an automaton of a million states
    public void TryParse_NotRe2_SaysWhy(string pattern)
    {
        var isParsed = SafeRegex.TryParse(pattern, out var regex, out var error);

        Assert.False(isParsed);
        Assert.Null(regex);
        Assert.False(string.IsNullOrWhiteSpace(error));
    }

    [Fact]
    public void Equals_SamePattern_IsEqual()
    {
        Assert.Equal(Parse("a+"), Parse("a+"));
        Assert.Equal(Parse("a+").GetHashCode(), Parse("a+").GetHashCode());
        Assert.NotEqual(Parse("a+"), Parse("b+"));
    }

    private static SafeRegex Parse(string pattern) => SafeRegex.TryParse(pattern, out var regex, out var error) ? regex : throw new FormatException(error);
}
