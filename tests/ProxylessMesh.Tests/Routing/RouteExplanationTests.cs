using Microsoft.Extensions.Primitives;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;
using ProxylessMesh.Tests.Xds.Resources;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Routing;

/// <summary>Why a request did not go to a virtual host or a route: the first condition that it does not meet.</summary>
public sealed class RouteExplanationTests
{
    private const string Secret = "s3cr3t";

    /// <summary>What the route asks for, path and query, headers, and the reason; <see langword="null"/> where the route is taken.</summary>
    public static TheoryData<string, string, string, string?> Rejections => new()
    {
        { """ "prefix": "/cart" """, "/cart/1", "", null },
        { """ "prefix": "/cart" """, "/car", "", "asks for path prefix '/cart'" },
        { """ "path": "/cart" """, "/cart/1", "", "asks for path exact '/cart'" },
        { """ "path": "/cart", "caseSensitive": false """, "/x", "", "asks for path exact '/cart' (ignoring case)" },
        { """ "pathSeparatedPrefix": "/cart" """, "/carts", "", "asks for path segmentprefix '/cart'" },
        { """ "safeRegex": { "regex": "/c[0-9]+" } """, "/c", "", "asks for path regex '/c[0-9]+'" },
        { """ "prefix": "/", "headers": [{ "name": "X-Canary", "stringMatch": { "exact": "1" } }] """, "/", "", "asks for header 'x-canary' exact '1', and the request has none" },
        { """ "prefix": "/", "headers": [{ "name": "x-canary", "stringMatch": { "exact": "1" } }] """, "/", $"x-canary={Secret}", "asks for header 'x-canary' exact '1', and the request has another" },
        { """ "prefix": "/", "headers": [{ "name": "x-canary", "presentMatch": true, "invertMatch": true }] """, "/", "x-canary=1", "asks for header 'x-canary' not present, and the request has another" },
        { """ "prefix": "/", "headers": [{ "name": "x-canary", "presentMatch": true }] """, "/", "", "asks for header 'x-canary' present, and the request has none" },
        { """ "prefix": "/", "headers": [{ "name": "x-size", "rangeMatch": { "start": 1, "end": 10 } }] """, "/", "x-size=10", "asks for header 'x-size' in [1, 10), and the request has another" },
        { $$""" "prefix": "/", "headers": [{ "name": "authorization", "stringMatch": { "exact": "{{Secret}}" } }] """, "/", "authorization=other", "asks for header 'authorization' exact ***, and the request has another" },
        { """ "prefix": "/", "headers": [{ "name": "a", "presentMatch": true }, { "name": "b", "presentMatch": true }] """, "/", "a=1", "asks for header 'b' present, and the request has none" },
        { """ "prefix": "/", "queryParameters": [{ "name": "v", "stringMatch": { "exact": "2" } }] """, "/", "", "asks for query parameter 'v' exact '2', and the request has none" },
        { """ "prefix": "/", "queryParameters": [{ "name": "v", "stringMatch": { "exact": "2" } }] """, $"/?v={Secret}", "", "asks for query parameter 'v' exact '2', and the request has another" },
        { $$""" "prefix": "/", "queryParameters": [{ "name": "access_token", "stringMatch": { "exact": "{{Secret}}" } }] """, "/?access_token=1", "", "asks for query parameter 'access_token' ***, and the request has another" },
        { """ "prefix": "/", "grpc": {} """, "/", "content-type=text/plain", "asks for a gRPC call (content-type)" },
        { """ "prefix": "/", "grpc": {} """, "/", "content-type=application/grpc", null },
        { """ "prefix": "/", "dynamicMetadata": [{ "filter": "f", "path": [{ "key": "k" }], "value": { "presentMatch": true } }] """, "/", "", "asks for dynamic metadata or filter state, which a client never has" },
        { """ "prefix": "/", "runtimeFraction": { "defaultValue": { "numerator": 10, "denominator": "HUNDRED" } } """, "/", "", "takes 10 of 100 requests, and this one was not drawn" },
        { """ "prefix": "/x", "headers": [{ "name": "a", "presentMatch": true }] """, "/", "", "asks for path prefix '/x'" },
    };

    [Theory]
    [MemberData(nameof(Rejections))]
    public void Explain_OneRoute_NamesTheFirstConditionThatIsNotMet(string match, string pathAndQuery, string header, string? reason)
    {
        var table = Table($$""" { "name": "h", "domains": ["*"], "routes": [{ "name": "r", "match": { {{match}} }, "route": { "cluster": "c" } }] } """);
        var host = table.FindVirtualHost("shop")!;
        var headers = new Headers(pathAndQuery, header);
        var found = host.Match(RequestPath.WithoutQuery(pathAndQuery), in headers, new GreatestNumber());

        var candidate = Assert.Single(host.Explain(RequestPath.WithoutQuery(pathAndQuery), in headers, found));

        Assert.Equal(("r", reason), (candidate.Name, candidate.Rejection));
        Assert.Equal(reason is null, found is not null);
        Assert.DoesNotContain(Secret, candidate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_SeveralRoutes_ListsThemInOrderWithTheOneTaken()
    {
        var table = Table("""
            { "name": "h", "domains": ["*"], "routes": [
              { "name": "canary", "match": { "prefix": "/", "runtimeFraction": { "defaultValue": { "numerator": 1, "denominator": "MILLION" } } }, "route": { "cluster": "c" } },
              { "match": { "prefix": "/cart" }, "route": { "cluster": "c" } },
              { "name": "shadowed", "match": { "prefix": "/" }, "route": { "cluster": "c" } },
              { "name": "never", "match": { "path": "/x" }, "route": { "cluster": "c" } } ] }
            """);
        var host = table.FindVirtualHost("shop")!;
        var headers = new Headers("/cart", "");
        var found = host.Match("/cart", in headers, new GreatestNumber());

        var candidates = host.Explain("/cart", in headers, found);

        Assert.Equal(["canary", "#1", "shadowed", "never"], candidates.Select(static candidate => candidate.Name));
        Assert.Equal(
            ["takes 1 of 1000000 requests, and this one was not drawn", null, "stands behind a route that matches", "asks for path exact '/x'"],
            candidates.Select(static candidate => candidate.Rejection));
    }

    [Theory]
    [InlineData("shop.example", "exact", "exact: | suffix: its domain '*.example' fits 'shop.example' less than one of virtual host 'exact' | prefix: its domain 'shop.*' fits 'shop.example' less than one of virtual host 'exact'")]
    [InlineData("cart.example:8080", "suffix", "exact: none of its domains is 'cart.example': shop.example, other | suffix: | prefix: none of its domains is 'cart.example': shop.*")]
    [InlineData("cart.test", null, "exact: none of its domains is 'cart.test': shop.example, other | suffix: none of its domains is 'cart.test': *.example | prefix: none of its domains is 'cart.test': shop.*")]
    public void Explain_VirtualHosts_SaysWhoseDomainFitsBest(string host, string? found, string expected)
    {
        var table = Table(
            """ { "name": "exact", "domains": ["shop.example", "other"], "routes": [] } """,
            """ { "name": "suffix", "domains": ["*.example"], "routes": [] } """,
            """ { "name": "prefix", "domains": ["shop.*"], "routes": [] } """);
        var virtualHost = table.FindVirtualHost(host);

        var candidates = table.Explain(host, virtualHost);

        Assert.Equal(found, virtualHost?.Name);
        Assert.Equal(expected, string.Join(" | ", candidates.Select(static candidate => candidate.Rejection is null ? $"{candidate.Name}:" : $"{candidate.Name}: {candidate.Rejection}")));
    }

    [Theory]
    [InlineData("""{ "cluster": "a" }""", "", "the route's only one")]
    [InlineData("""{ "weightedClusters": { "clusters": [{ "name": "a", "weight": 10 }, { "name": "b", "weight": 90 }] } }""", "", "weight 90 of 100, drawn")]
    [InlineData("""{ "weightedClusters": { "headerName": "x-draw", "clusters": [{ "name": "a", "weight": 10 }, { "name": "b", "weight": 90 }] } }""", "x-draw=5", "weight 10 of 100, taken by the number in header 'x-draw'")]
    [InlineData("""{ "weightedClusters": { "headerName": "x-draw", "clusters": [{ "name": "a", "weight": 10 }, { "name": "b", "weight": 90 }] } }""", "x-draw=no", "weight 90 of 100, drawn")]
    [InlineData("""{ "clusterHeader": "x-to" }""", "x-to=a", "named by the request's header 'x-to' (the route's only one)")]
    public void Explain_Cluster_SaysHowItWasChosen(string action, string header, string expected)
    {
        var table = Table($$""" { "name": "h", "domains": ["*"], "routes": [{ "match": { "prefix": "/" }, "route": {{action}} }] } """);
        var headers = new Headers("/", header);
        var route = Assert.IsType<ForwardRoute<string>>(table.FindVirtualHost("shop")!.Match("/", in headers, new GreatestNumber()));

        Assert.Equal(expected, route.Explain(route.Pick(in headers, new GreatestNumber()), in headers));
    }

    private static RouteTable<string> Table(params string[] virtualHosts)
    {
        var result = new RoutesDecoder().Decode(ResourceJson.Routes($$"""{ "name": "routes", "ignorePortInHostMatching": true, "virtualHosts": [ {{string.Join(',', virtualHosts)}} ] }"""));
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return RouteTable<string>.Build(result.Resource!, static name => name);
    }

    private sealed class GreatestNumber : IRandomSource
    {
        public uint Next(uint exclusiveMax) => exclusiveMax - 1;

        public double NextDouble() => throw new InvalidOperationException("Nothing asks for it.");
    }

    /// <param name="pathAndQuery">The pseudo-header.</param>
    /// <param name="header">A name and a value with an equals sign between them, or nothing.</param>
    private readonly struct Headers(string pathAndQuery, string header) : IRequestHeaders
    {
        public StringValues GetHeader(string name)
            => name == ":path" ? pathAndQuery : header.Split('=', 2) is [var only, var value] && only == name ? value : StringValues.Empty;
    }
}
