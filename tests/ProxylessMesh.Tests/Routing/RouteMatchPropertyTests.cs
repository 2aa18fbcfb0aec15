using System.Collections.Immutable;
using CsCheck;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Tests.Routing;

/// <summary>Random tables and requests over a small alphabet, so that prefixes nest and collide; the index must agree with the plain scan that it replaces.</summary>
public class RouteMatchPropertyTests
{
    private static readonly Gen<string> Path = Gen.String[Gen.Char["/abB"], 0, 6];
    private static readonly Gen<string> Host = Gen.String[Gen.Char["abB."], 1, 6];

    private static readonly Gen<PathMatcher> PathMatchers = Gen.Frequency(
        (4, Gen.Select(Path, Gen.Bool, static (path, caseSensitive) => PathMatcher.Prefix(path, caseSensitive || path.Length < 3))),
        (3, Gen.Select(Path, Gen.Bool, static (path, caseSensitive) => PathMatcher.Exact(path, caseSensitive || path.Length < 3))),
        (2, Gen.Select(Path, Gen.Bool, PathMatcher.SegmentPrefix)),
        (1, OneOf("/a.*", ".*b", "[ab/]+").Select(static pattern => PathMatcher.Regex(Parse(pattern)))));

    private static readonly Gen<ImmutableArray<HeaderMatcher>> HeaderMatchers = Gen.Frequency(
        (1, Gen.Const(ImmutableArray<HeaderMatcher>.Empty)),
        (2, OneOf("1", "2", "3").Select(static value => ImmutableArray.Create(HeaderMatcher.String("x", StringMatcher.Exact(value))))));

    private static readonly Gen<RouteMatchConfig[]> Routes = Gen.Select(PathMatchers, HeaderMatchers, static (path, headers) => new RouteMatchConfig(path, headers)).Array[0, 40];

    private static readonly Gen<string> Domain = Gen.Frequency(
        (3, Host),
        (3, Host.Select(static host => "*" + host)),
        (3, Host.Select(static host => host + "*")),
        (1, Gen.Const("*")));

    [Fact]
    public void Match_AnyTableAndRequest_AgreesWithALinearScan()
    {
        Gen.Select(Routes, Path, OneOf("1", "2", "3", "4")).Sample(
            static (matches, path, header) =>
            {
                var headers = new OneHeader(header);
                var routes = matches.Select(static (match, i) => new RouteConfig { Name = $"{i}", Match = match, Action = new UnsupportedActionConfig("redirect") });
                var host = VirtualHost<string>.Build(new VirtualHostConfig("host", ["*"], [.. routes]), RouteScope.None, static name => name);

                var found = host.Match(path, in headers, SharedRandomSource.Instance)?.Name;

                var first = Array.FindIndex(matches, match => match.Path.IsMatch(path) && match.Headers.All(matcher => matcher.IsMatch(headers.GetHeader(matcher.Name))));
                return found == (first < 0 ? null : $"{first}");
            },
            iter: 20_000);
    }

    [Fact]
    public void FindVirtualHost_AnyDomainsAndHost_AgreesWithALinearScan()
    {
        Gen.Select(Domain.Array[0, 20], Host).Sample(
            static (domains, host) =>
            {
                var config = new RoutesConfig { Name = "routes", VirtualHosts = [.. domains.Select(static (domain, i) => new VirtualHostConfig($"{i}", [domain], []))] };

                var found = RouteTable<string>.Build(config, static name => name).FindVirtualHost(host)?.Name;

                var best = domains
                    .Select((domain, i) => (Index: i, Rank: Rank(domain, host)))
                    .Where(static candidate => candidate.Rank > 0)
                    .OrderByDescending(static candidate => candidate.Rank)
                    .ThenBy(static candidate => candidate.Index)
                    .Select(static candidate => $"{candidate.Index}")
                    .FirstOrDefault();
                return found == best;
            },
            iter: 20_000);
    }

    /// <summary>0 for a domain that does not fit; else the class, then the length.</summary>
    private static int Rank(string domain, string host)
    {
        if (domain == "*")
        {
            return 1;
        }

        if (domain.StartsWith('*'))
        {
            return domain.Length <= host.Length && host.EndsWith(domain[1..], StringComparison.OrdinalIgnoreCase) ? 2_000 + domain.Length : 0;
        }

        if (domain.EndsWith('*'))
        {
            return domain.Length <= host.Length && host.StartsWith(domain[..^1], StringComparison.OrdinalIgnoreCase) ? 1_000 + domain.Length : 0;
        }

        return domain.Equals(host, StringComparison.OrdinalIgnoreCase) ? 3_000 : 0;
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static SafeRegex Parse(string pattern) => SafeRegex.TryParse(pattern, out var regex, out var error) ? regex : throw new FormatException(error);

    private readonly struct OneHeader(string value) : IRequestHeaders
    {
        public StringValues GetHeader(string name) => name == "x" ? value : StringValues.Empty;
    }
}
