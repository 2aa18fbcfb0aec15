using System.Globalization;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>One test: a request, and what is expected of the routes. What is <see langword="null"/> is not looked at; empty expects that there is none.</summary>
internal sealed record RouteTest(string Name, RouteCheckRequest Request)
{
    public string? ClusterName { get; init; }

    public string? VirtualHostName { get; init; }

    public string? VirtualClusterName { get; init; }

    public string? RouteName { get; init; }

    public string? HostRewrite { get; init; }

    public string? PathRewrite { get; init; }

    public string? PathRedirect { get; init; }

    public int? CodeRedirect { get; init; }

    /// <summary>Zero for no end.</summary>
    public TimeSpan? Timeout { get; init; }

    public IReadOnlyList<HeaderMatcher> RequestHeaders { get; init; } = [];

    public IReadOnlyList<HeaderMatcher> ResponseHeaders { get; init; } = [];

    /// <returns>A line for each expectation that was not met.</returns>
    public IReadOnlyList<string> Compare(RouteCheckResult result)
    {
        var differences = new List<string>();
        Expect("cluster_name", ClusterName, result.Cluster);
        Expect("virtual_host_name", VirtualHostName, result.VirtualHost);
        Expect("virtual_cluster_name", VirtualClusterName, result.VirtualCluster);
        Expect("route_name", RouteName, result.Route);
        Expect("host_rewrite", HostRewrite, result.Host);
        Expect("path_rewrite", PathRewrite, result.Path);
        Expect("path_redirect", PathRedirect, PathRedirect is ['/', ..] ? PathOf(result.Redirect) : result.Redirect);
        Expect("code_redirect", CodeRedirect?.ToString(CultureInfo.InvariantCulture), result.Status.ToString(CultureInfo.InvariantCulture));
        Expect("timeout", Text(Timeout), Text(result.Timeout ?? TimeSpan.Zero));
        ExpectHeaders("request_header_matches", RequestHeaders, result.RequestHeaders);
        ExpectHeaders("response_header_matches", ResponseHeaders, result.ResponseHeaders);
        return differences;

        void Expect(string field, string? expected, string? actual)
        {
            if (expected is not null && expected != actual)
            {
                differences.Add($"{field}: expected '{expected}', got '{actual}'");
            }
        }

        void ExpectHeaders(string field, IReadOnlyList<HeaderMatcher> expected, IReadOnlyList<KeyValuePair<string, string>> actual)
        {
            var headers = new HeaderList(actual);
            for (var i = 0; i < expected.Count; i++)
            {
                var values = headers.GetHeader(expected[i].Name);
                if (!expected[i].IsMatch(values))
                {
                    var got = values.Count == 0 ? "is absent" : $"is '{string.Join("', '", values.ToArray())}'";
                    differences.Add(string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]: '{expected[i].Name}' {got}, which does not match"));
                }
            }
        }
    }

    private static string? Text(TimeSpan? time) => time is null ? null : string.Create(CultureInfo.InvariantCulture, $"{time.Value.TotalSeconds}s");

    /// <summary>Path and query of a location.</summary>
    private static string PathOf(string location)
    {
        var authority = location.IndexOf("://", StringComparison.Ordinal);
        var path = authority < 0 ? 0 : location.IndexOf('/', authority + 3);
        return path < 0 ? "/" : location[path..];
    }
}
