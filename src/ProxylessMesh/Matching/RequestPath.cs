namespace ProxylessMesh.Matching;

/// <summary>Takes the path of a request and its query apart. Stateless.</summary>
internal static class RequestPath
{
    public static ReadOnlySpan<char> WithoutQuery(ReadOnlySpan<char> pathAndQuery)
    {
        var query = pathAndQuery.IndexOf('?');
        return query < 0 ? pathAndQuery : pathAndQuery[..query];
    }

    /// <returns>What follows the question mark; empty without one.</returns>
    public static ReadOnlySpan<char> QueryOf(ReadOnlySpan<char> pathAndQuery)
    {
        var query = pathAndQuery.IndexOf('?');
        return query < 0 ? [] : pathAndQuery[(query + 1)..];
    }

    /// <summary>Finds the first parameter of a name, as it is written, nothing decoded.</summary>
    /// <param name="query">What follows the question mark.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="value">Its value; empty without an equals sign.</param>
    public static bool TryGetParameter(ReadOnlySpan<char> query, ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        foreach (var range in query.Split('&'))
        {
            var parameter = query[range];
            var equals = parameter.IndexOf('=');
            if (!parameter.IsEmpty && (equals < 0 ? parameter : parameter[..equals]).SequenceEqual(name))
            {
                value = equals < 0 ? [] : parameter[(equals + 1)..];
                return true;
            }
        }

        value = default;
        return false;
    }
}
