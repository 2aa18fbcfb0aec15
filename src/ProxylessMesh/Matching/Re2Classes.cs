namespace ProxylessMesh.Matching;

/// <summary>RE2's named character classes, ASCII all of them, as they stand between the brackets of a .NET class.</summary>
internal static class Re2Classes
{
    private const string Digits = "0-9";
    private const string NotDigits = @"\0-/:-\uFFFF";
    private const string Spaces = @"\t\n\f\r ";
    private const string NotSpaces = @"\0-\x08\x0B\x0E-\x1F!-\uFFFF";
    private const string WordCharacters = "0-9A-Za-z_";
    private const string NotWordCharacters = @"\0-/:-@\[-\^`{-\uFFFF";

    /// <param name="name">The letter of <c>\d</c> and its like.</param>
    public static string Perl(char name) => name switch
    {
        'd' => Digits,
        'D' => NotDigits,
        's' => Spaces,
        'S' => NotSpaces,
        'w' => WordCharacters,
        _ => NotWordCharacters,
    };

    /// <param name="name">What stands in <c>[:name:]</c>.</param>
    /// <returns>Null when there is no such class.</returns>
    public static string? Posix(ReadOnlySpan<char> name) => name switch
    {
        "alnum" => "0-9A-Za-z",
        "alpha" => "A-Za-z",
        "ascii" => @"\0-\x7F",
        "blank" => @"\t ",
        "cntrl" => @"\0-\x1F\x7F",
        "digit" => Digits,
        "graph" => "!-~",
        "lower" => "a-z",
        "print" => " -~",
        "punct" => @"!-/:-@\[-`{-~",
        "space" => @"\t\n\v\f\r ",
        "upper" => "A-Z",
        "word" => WordCharacters,
        "xdigit" => "0-9A-Fa-f",
        "^alnum" => @"\0-/:-@\[-`{-\uFFFF",
        "^alpha" => @"\0-@\[-`{-\uFFFF",
        "^digit" => NotDigits,
        "^lower" => @"\0-`{-\uFFFF",
        "^space" => @"\0-\x08\x0E-\x1F!-\uFFFF",
        "^upper" => @"\0-@\[-\uFFFF",
        "^word" => NotWordCharacters,
        _ => null,
    };
}
