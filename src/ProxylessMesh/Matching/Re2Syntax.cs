using System.Globalization;
using System.Text;

namespace ProxylessMesh.Matching;

/// <summary>
/// Writes an RE2 pattern (https://github.com/google/re2/wiki/Syntax) in .NET's words, for what both understand may mean
/// different things: <c>\d</c> is ASCII in RE2, <c>[[:alpha:]]</c> is no named class in .NET, <c>[a-[b]]</c> no subtraction
/// in RE2. What RE2 rejects is rejected here, above all a <c>)</c> too many, which would break out of the anchors that a
/// caller puts round the result. For one pattern, on the stack.
/// </summary>
internal ref struct Re2Syntax
{
    private readonly ReadOnlySpan<char> _pattern;
    private readonly StringBuilder _output;
    private int _position;
    private int _depth;
    private bool _isMultiline;

    private Re2Syntax(ReadOnlySpan<char> pattern)
    {
        _pattern = pattern;
        _output = new StringBuilder(pattern.Length + 16);
    }

    /// <exception cref="FormatException">RE2 does not accept the pattern. What only .NET can judge is left to its parser.</exception>
    public static string ToDotNet(string pattern) => new Re2Syntax(pattern).Translate();

    private string Translate()
    {
        while (_position < _pattern.Length)
        {
            var c = _pattern[_position++];
            switch (c)
            {
                case '\\':
                    Escape();
                    break;
                case '[':
                    CharacterClass();
                    break;
                case '(':
                    OpenGroup();
                    break;
                case ')' when _depth == 0:
                    throw Invalid("')' closes nothing");
                case ')':
                    _depth--;
                    _output.Append(c);
                    break;
                case '$' when !_isMultiline:
                    _output.Append(@"\z"); // .NET's $ also matches before a final line feed.
                    break;
                default:
                    _output.Append(c);
                    break;
            }
        }

        return _depth == 0 ? _output.ToString() : throw Invalid("'(' is not closed");
    }

    private void OpenGroup()
    {
        if (!TryTake('?'))
        {
            _output.Append('(');
            _depth++;
            return;
        }

        if (TryTake('P') ? TryTake('<') : Peek() == '<' && Peek(1) is not ('=' or '!') && TryTake('<'))
        {
            // RE2 numbers named groups with the others, .NET after them: without names the numbers agree.
            TakeUntil('>');
            _output.Append('(');
            _depth++;
            return;
        }

        Flags();
    }

    private void Flags()
    {
        var flags = new StringBuilder();
        var isNegated = false;
        while (true)
        {
            var flag = Take("a group's flags");
            switch (flag)
            {
                case 'i' or 's':
                    flags.Append(flag);
                    break;
                case 'm':
                    _isMultiline |= !isNegated;
                    flags.Append(flag);
                    break;
                case 'U':
                    break; // Greedy or not, the same whole inputs match.
                case '-' when !isNegated:
                    isNegated = true;
                    flags.Append(flag);
                    break;
                case ')':
                    _output.Append("(?").Append(flags).Append(flags.Length == 0 ? ":)" : ")");
                    return;
                case ':':
                    _output.Append("(?").Append(flags).Append(':');
                    _depth++;
                    return;
                default:
                    throw Invalid($"'(?{flag}' is no group that RE2 knows");
            }
        }
    }

    private void Escape()
    {
        var c = Take("a character after '\\'");
        switch (c)
        {
            case 'b' or 'B' or 'A' or 'z':
                _output.Append('\\').Append(c);
                break;
            case 'Q':
                while (_position < _pattern.Length && !(Peek() == '\\' && Peek(1) == 'E'))
                {
                    Literal(_pattern[_position++]);
                }

                _position = Math.Min(_position + 2, _pattern.Length);
                break;
            case 'd' or 'D' or 's' or 'S' or 'w' or 'W':
                _output.Append('[').Append(Re2Classes.Perl(c)).Append(']');
                break;
            case 'p' or 'P':
                Property(c);
                break;
            default:
                Character(EscapedRune(c));
                break;
        }
    }

    private void CharacterClass()
    {
        _output.Append('[');
        if (TryTake('^'))
        {
            _output.Append('^');
        }

        var first = _position;
        while (true)
        {
            var c = Take("']'");
            if (c == ']' && _position > first + 1)
            {
                break;
            }

            if (c == '[' && Peek() == ':' && _pattern[_position..].Contains(":]", StringComparison.Ordinal))
            {
                _position++;
                var name = TakeUntil(':');
                _output.Append(Re2Classes.Posix(name) ?? throw Invalid($"'[:{name}:]' is no class that is known"));
                _position++;
            }
            else if (c == '\\' && Peek() is 'd' or 'D' or 's' or 'S' or 'w' or 'W')
            {
                _output.Append(Re2Classes.Perl(_pattern[_position++]));
            }
            else if (c == '\\' && Peek() is 'p' or 'P')
            {
                Property(_pattern[_position++]);
            }
            else
            {
                Range(c);
            }
        }

        _output.Append(']');
    }

    private void Range(char c)
    {
        var start = ClassCharacter(c);
        Literal(start);
        if (Peek() == '-' && Peek(1) is not (']' or '\0'))
        {
            _position++;
            var end = ClassCharacter(_pattern[_position++]);
            if (end < start)
            {
                throw Invalid("the range runs backwards");
            }

            _output.Append('-');
            Literal(end);
        }
    }

    private char ClassCharacter(char c)
    {
        var rune = c == '\\' ? EscapedRune(Take("a character after '\\'")) : c;
        return rune <= char.MaxValue && !char.IsSurrogate((char)rune)
            ? (char)rune
            : throw Invalid("a character above U+FFFF cannot stand in a class");
    }

    private int EscapedRune(char c)
    {
        switch (c)
        {
            case 'a':
                return '\a';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'v':
                return '\v';
            case 'x' when TryTake('{'):
                return Hexadecimal(TakeUntil('}'));
            case 'x' when _position + 2 <= _pattern.Length:
                _position += 2;
                return Hexadecimal(_pattern[(_position - 2).._position]);
            case '0':
            case >= '1' and <= '7' when Peek() is >= '0' and <= '7': // alone it would be a back-reference
                var octal = c - '0';
                for (var i = 0; i < 2 && Peek() is >= '0' and <= '7'; i++)
                {
                    octal = (octal * 8) + (_pattern[_position++] - '0');
                }

                return octal;
            default:
                return char.IsAscii(c) && !char.IsLetterOrDigit(c) && c != '_' ? c : throw Invalid($"'\\{c}' is no escape that RE2 knows");
        }
    }

    private readonly int Hexadecimal(ReadOnlySpan<char> digits)
        => int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rune) && Rune.IsValid(rune)
            ? rune
            : throw Invalid($"'{digits}' is no character's hexadecimal number");

    private void Property(char sign)
    {
        var first = Take("the name of a class");
        ReadOnlySpan<char> name = first == '{' ? TakeUntil('}') : [first];
        var isNegated = sign == 'P' ^ name.StartsWith('^');
        _output.Append(isNegated ? @"\P{" : @"\p{").Append(name.TrimStart('^')).Append('}');
    }

    private readonly void Character(int rune)
    {
        if (rune <= char.MaxValue)
        {
            Literal((char)rune);
            return;
        }

        _output.Append("(?:");
        foreach (var c in new Rune(rune).ToString())
        {
            Literal(c);
        }

        _output.Append(')');
    }

    private readonly void Literal(char c) => _output.Append(CultureInfo.InvariantCulture, $@"\u{(int)c:X4}");

    private readonly char Peek(int ahead = 0) => _position + ahead < _pattern.Length ? _pattern[_position + ahead] : '\0';

    private char Take(string expected) => _position < _pattern.Length ? _pattern[_position++] : throw Invalid($"the pattern ends where {expected} is needed");

    private bool TryTake(char expected)
    {
        if (_position >= _pattern.Length || _pattern[_position] != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    private ReadOnlySpan<char> TakeUntil(char end)
    {
        var length = _pattern[_position..].IndexOf(end);
        if (length < 0)
        {
            throw Invalid($"the pattern ends where '{end}' is needed");
        }

        var taken = _pattern.Slice(_position, length);
        _position += length + 1;
        return taken;
    }

    private readonly FormatException Invalid(string reason) => new($"at offset {_position}: {reason}");
}
