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
}
