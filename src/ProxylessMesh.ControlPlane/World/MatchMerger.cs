using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>Joins the match lists of a delegating route and of a delegate's route: a request must fulfil both. Stateless.</summary>
internal static class MatchMerger
{
    /// <returns>The joined matches, or <see langword="null"/> when a match of the delegate fits none of the root's: then its route is left out.</returns>
    public static ImmutableArray<HttpMatch>? Merge(ImmutableArray<HttpMatch> root, ImmutableArray<HttpMatch> leaf)
    {
        if (root.IsEmpty || leaf.IsEmpty)
        {
            return root.IsEmpty ? leaf : root;
        }

        var merged = ImmutableArray.CreateBuilder<HttpMatch>();
        foreach (var inner in leaf)
        {
            var fitting = root.Where(outer => !IsConflict(outer, inner)).Select(outer => Join(outer, inner)).ToArray();
            if (fitting.Length == 0)
            {
                return null;
            }

            merged.AddRange(fitting);
        }

        return merged.ToImmutable();
    }

    /// <summary><c>root-leaf</c>, or the one that is given.</summary>
    public static string JoinNames(string root, string leaf) => root.Length > 0 && leaf.Length > 0 ? $"{root}-{leaf}" : root + leaf;

    private static HttpMatch Join(HttpMatch root, HttpMatch leaf) => leaf with
    {
        Name = JoinNames(root.Name, leaf.Name),
        Uri = leaf.Uri ?? root.Uri,
        IgnoreUriCase = leaf.IgnoreUriCase || root.IgnoreUriCase,
        Method = leaf.Method ?? root.Method,
        Authority = leaf.Authority ?? root.Authority,
        Scheme = leaf.Scheme ?? root.Scheme,
        Headers = root.Headers.SetItems(leaf.Headers),
        WithoutHeaders = root.WithoutHeaders.SetItems(leaf.WithoutHeaders),
        QueryParams = root.QueryParams.SetItems(leaf.QueryParams),
        Port = leaf.Port ?? root.Port,
        SourceLabels = root.SourceLabels.SetItems(leaf.SourceLabels),
        SourceNamespace = leaf.SourceNamespace.Length > 0 ? leaf.SourceNamespace : root.SourceNamespace,
        Gateways = leaf.Gateways.IsEmpty ? root.Gateways : leaf.Gateways,
    };

    private static bool IsConflict(HttpMatch root, HttpMatch leaf)
        => IsConflict(root.Uri, leaf.Uri)
            || (root.Uri is not null && leaf.Uri is not null && root.IgnoreUriCase != leaf.IgnoreUriCase)
            || IsConflict(root.Method, leaf.Method)
            || IsConflict(root.Authority, leaf.Authority)
            || IsConflict(root.Scheme, leaf.Scheme)
            || IsConflict(root.Headers, leaf.Headers)
            || IsConflict(root.WithoutHeaders, leaf.WithoutHeaders)
            || IsConflict(root.QueryParams, leaf.QueryParams)
            || (root.Port is not null && leaf.Port is not null && root.Port != leaf.Port)
            || root.SourceLabels.Any(pair => leaf.SourceLabels.TryGetValue(pair.Key, out var value) && value != pair.Value)
            || (root.SourceNamespace.Length > 0 && leaf.SourceNamespace.Length > 0 && root.SourceNamespace != leaf.SourceNamespace)
            || (!root.Gateways.IsEmpty && !leaf.Gateways.IsEmpty && !root.Gateways.SequenceEqual(leaf.Gateways));

    private static bool IsConflict(ImmutableSortedDictionary<string, StringMatch?> root, ImmutableSortedDictionary<string, StringMatch?> leaf)
        => root.Any(pair => leaf.TryGetValue(pair.Key, out var condition) && IsConflict(pair.Value, condition));

    // The delegate may only narrow what the root lets through; of two regular expressions nobody can tell.
    private static bool IsConflict(StringMatch? root, StringMatch? leaf)
    {
        if (root is null || leaf is null)
        {
            return false;
        }

        return (root.Kind, leaf.Kind) switch
        {
            (StringMatchKind.Exact, StringMatchKind.Exact) => root.Value != leaf.Value,
            (StringMatchKind.Prefix, StringMatchKind.Exact or StringMatchKind.Prefix) => !leaf.Value.StartsWith(root.Value, StringComparison.Ordinal),
            _ => true,
        };
    }
}
