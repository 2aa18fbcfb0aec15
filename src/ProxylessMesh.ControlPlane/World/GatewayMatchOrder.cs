using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>
/// The Gateway API's precedence of matches: exact paths, then prefixes, then regular expressions; longer paths; with a method;
/// more headers; more query parameters. Equal ones stay in their order.
/// </summary>
internal sealed class GatewayMatchOrder : IComparer<HttpMatch>
{
    public static readonly GatewayMatchOrder Instance = new();

    public int Compare(HttpMatch? x, HttpMatch? y) => Key(y).CompareTo(Key(x));

    private static (int Kind, int Length, bool HasMethod, int Headers, int Parameters) Key(HttpMatch? match) => match is null
        ? default
        : (KindOf(match.Uri), match.Uri?.Value.Length ?? 1, match.Method is not null, match.Headers.Count, match.QueryParams.Count);

    private static int KindOf(StringMatch? uri) => uri?.Kind switch
    {
        StringMatchKind.Exact => 3,
        StringMatchKind.Regex => 1,
        _ => 2, // no path at all is the prefix "/"
    };
}
