namespace ProxylessMesh.Matching;

/// <summary>
/// Matches one query parameter (<c>envoy.config.route.v3.QueryParameterMatcher</c>): the first of its name, as it is written,
/// nothing decoded. Immutable.
/// </summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Value">The condition on its value; <see langword="null"/> asks for presence only.</param>
/// <param name="Present">Without <paramref name="Value"/>: whether the parameter must be there, or must not.</param>
internal sealed record QueryParameterMatcher(string Name, StringMatcher? Value, bool Present = true)
{
    /// <param name="query">What follows the question mark.</param>
    public bool IsMatch(ReadOnlySpan<char> query)
    {
        foreach (var range in query.Split('&'))
        {
            var parameter = query[range];
            var equals = parameter.IndexOf('=');
            var name = equals < 0 ? parameter : parameter[..equals];
            if (!parameter.IsEmpty && name.SequenceEqual(Name))
            {
                return Value is null ? Present : Value.IsMatch(equals < 0 ? [] : parameter[(equals + 1)..]);
            }
        }

        return Value is null && !Present;
    }
}
