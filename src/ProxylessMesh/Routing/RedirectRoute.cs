using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>A route that answers with another place to ask at (<c>RedirectAction</c>).</summary>
internal sealed class RedirectRoute<TCluster>(RouteConfig config, RedirectActionConfig action, HeaderMutations headers) : Route<TCluster>(config)
    where TCluster : class
{
    public int Status => action.Status;

    public HeaderMutations Headers => headers;

    /// <param name="scheme">The request's scheme.</param>
    /// <param name="host">Its authority.</param>
    /// <param name="pathAndQuery">Its path and query.</param>
    /// <returns>The value of <c>location</c>.</returns>
    public string Location(string scheme, string host, string pathAndQuery)
    {
        var newScheme = action.Scheme ?? scheme;
        var port = action.Port is { } number ? $":{number.ToString(CultureInfo.InvariantCulture)}" : "";
        return $"{newScheme}://{action.Host ?? WithoutOldPort(host, scheme, newScheme, hasNewPort: port.Length > 0)}{port}{PathOf(pathAndQuery)}";
    }

    /// <summary>The port of the request stays, unless there is another one or it was the default of a scheme that is gone.</summary>
    private static string WithoutOldPort(string host, string scheme, string newScheme, bool hasNewPort)
    {
        var colon = host.LastIndexOf(':');
        if (colon <= host.LastIndexOf(']'))
        {
            return host;
        }

        var isOldDefault = newScheme != scheme && host.AsSpan(colon) is ":80" && scheme == Uri.UriSchemeHttp;
        isOldDefault |= newScheme != scheme && host.AsSpan(colon) is ":443" && scheme == Uri.UriSchemeHttps;
        return hasNewPort || isOldDefault ? host[..colon] : host;
    }

    private string PathOf(string pathAndQuery)
    {
        var query = pathAndQuery.AsSpan(RequestPath.WithoutQuery(pathAndQuery).Length);
        if (action.Path is { } path)
        {
            // A path with a query of its own brings that one, stripped or not.
            return action.StripQuery || path.Contains('?', StringComparison.Ordinal) ? path : string.Concat(path, query);
        }

        var rewritten = action.PathRewrite is null ? pathAndQuery : RequestRewrite.Path(action.PathRewrite, Config.Match.Path, pathAndQuery);
        return action.StripQuery ? RequestPath.WithoutQuery(rewritten).ToString() : rewritten;
    }
}
