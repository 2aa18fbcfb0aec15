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
        => RequestPath.TryGetParameter(query, Name, out var value)
            ? Value?.IsMatch(value) ?? Present
            : Value is null && !Present;

    /// <summary>For a person. A value that may be a secret is left out.</summary>
    public override string ToString()
        => $"query parameter '{Name}' {(Value is null ? Present ? "present" : "absent" : SecretNames.Contains(Name) ? "***" : Value)}";
}
