using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Benchmarks;

/// <summary>From host, path and headers to a route: one virtual host with many routes, and many virtual hosts. The request is one of the last.</summary>
[MemoryDiagnoser]
public class RouteMatchBenchmarks
{
    private readonly Request _request = new("canary");
    private RouteTable<string>? _routes;
    private RouteTable<string>? _hosts;
    private string _path = "";
    private string _exactHost = "";
    private string _wildcardHost = "";

    [Params(1, 100, 1_000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        // Every third route an exact path, every third a prefix that also asks for a header, then the prefix alone.
        var routes = Enumerable.Range(0, Count).Select(static i => (i % 3) switch
        {
            0 => Route(PathMatcher.Exact($"/shop/v1/resource-{i}/items")),
            1 => Route(PathMatcher.Prefix($"/shop/v1/resource-{i + 1}/"), HeaderMatcher.String("x-version", StringMatcher.Exact("beta"))),
            _ => Route(PathMatcher.Prefix($"/shop/v1/resource-{i}/")),
        });
        _path = Count == 1 ? "/shop/v1/resource-0/items" : $"/shop/v1/resource-{((Count - 3) / 3 * 3) + 2}/items/17";
        _routes = RouteTable<string>.Build(
            new RoutesConfig { Name = "routes", VirtualHosts = [new VirtualHostConfig("host", ["*"], [.. routes])] },
            static name => name);

        ImmutableArray<RouteConfig> all = [Route(PathMatcher.Prefix("/"))];
        _hosts = RouteTable<string>.Build(
            new RoutesConfig
            {
                Name = "routes",
                VirtualHosts = [.. Enumerable.Range(0, Count).Select(i => new VirtualHostConfig($"service-{i}", [$"service-{i}.shop.svc.cluster.local", $"*.service-{i}.example"], all))],
            },
            static name => name);
        _exactHost = $"service-{Count - 1}.shop.svc.cluster.local";
        _wildcardHost = $"a.service-{Count - 1}.example";

        if (MatchRoutes() is null || MatchExactHost() is null || MatchWildcardHost() is null)
        {
            throw new InvalidOperationException("The benchmark's requests match no route.");
        }
    }

    [Benchmark(Description = "Count routes in one virtual host")]
    public object? MatchRoutes() => _routes?.FindVirtualHost("shop")?.Match(_path, in _request, SharedRandomSource.Instance);

    [Benchmark(Description = "Count virtual hosts, exact domain")]
    public object? MatchExactHost() => _hosts?.FindVirtualHost(_exactHost)?.Match(_path, in _request, SharedRandomSource.Instance);

    [Benchmark(Description = "Count virtual hosts, wildcard domain")]
    public object? MatchWildcardHost() => _hosts?.FindVirtualHost(_wildcardHost)?.Match(_path, in _request, SharedRandomSource.Instance);

    private static RouteConfig Route(PathMatcher path, params HeaderMatcher[] headers) => new()
    {
        Match = new RouteMatchConfig(path, [.. headers]),
        Action = new ForwardActionConfig([new WeightedClusterConfig("cluster", 1)]),
    };

    private readonly struct Request(string version) : IRequestHeaders
    {
        public StringValues GetHeader(string name) => name == "x-version" ? version : StringValues.Empty;
    }
}
