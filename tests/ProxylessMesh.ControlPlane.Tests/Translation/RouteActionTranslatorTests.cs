using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf.WellKnownTypes;
using Code = Envoy.Config.Route.V3.RedirectAction.Types.RedirectResponseCode;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>What a route does, beyond the choice of a cluster.</summary>
public sealed class RouteActionTranslatorTests
{
    private const string ToOrders = "route: [{destination: {host: orders}}]";

    [Theory]
    [InlineData("{uri: /new}", "", "/new", "", 0u, Code.MovedPermanently)]
    [InlineData("{authority: www.example.com, redirectCode: 302}", "www.example.com", "", "", 0u, Code.Found)]
    [InlineData("{uri: /a, redirectCode: 301}", "", "/a", "", 0u, Code.MovedPermanently)]
    [InlineData("{uri: /a, redirectCode: 303}", "", "/a", "", 0u, Code.SeeOther)]
    [InlineData("{uri: /a, redirectCode: 307}", "", "/a", "", 0u, Code.TemporaryRedirect)]
    [InlineData("{uri: /a, redirectCode: 308}", "", "/a", "", 0u, Code.PermanentRedirect)]
    [InlineData("{scheme: https, port: 8443}", "", "", "https", 8443u, Code.MovedPermanently)]
    [InlineData("{scheme: https, port: 443}", "", "", "https", 0u, Code.MovedPermanently)]
    [InlineData("{scheme: https, port: 80}", "", "", "https", 80u, Code.MovedPermanently)]
    [InlineData("{uri: /a, port: 80}", "", "/a", "", 0u, Code.MovedPermanently)]
    [InlineData("{uri: /a, port: 443}", "", "/a", "", 443u, Code.MovedPermanently)]
    [InlineData("{derivePort: FROM_REQUEST_PORT}", "", "", "", 8081u, Code.MovedPermanently)]
    [InlineData("{derivePort: FROM_PROTOCOL_DEFAULT}", "", "", "", 0u, Code.MovedPermanently)]
    public void Translate_Redirect_IsWhatIstiodMakesOfIt(string redirect, string host, string path, string scheme, uint port, Code code)
    {
        var action = Translate($"- redirect: {redirect}").Redirect;

        Assert.Equal((host, path, scheme, port, code), (action.HostRedirect, action.PathRedirect, action.SchemeRedirect, action.PortRedirect, action.ResponseCode));
    }

    [Fact]
    public void Translate_DirectResponse_CarriesItsBodyAndIstiosLimit()
    {
        var routes = RouteConfiguration("- directResponse: {status: 418, body: {string: short and stout}}");

        var direct = routes.VirtualHosts[0].Routes[0].DirectResponse;

        Assert.Equal(418u, direct.Status);
        Assert.Equal("short and stout", direct.Body.InlineString);
        Assert.Equal(1024u * 1024, routes.MaxDirectResponseBodySizeBytes);
    }

    [Fact]
    public void Translate_DirectResponseWithoutBody_HasNone()
        => Assert.Null(Translate("- directResponse: {status: 204}").DirectResponse.Body);

    [Fact]
    public void Translate_NoDirectResponse_LeavesTheLimitUnset()
        => Assert.Null(RouteConfiguration("- " + ToOrders).MaxDirectResponseBodySizeBytes);

    [Theory]
    [InlineData("{uri: /v2}", "/v2", "", "", "")]
    [InlineData("{authority: 'internal:81'}", "", "internal:81", "", "")]
    [InlineData("{uri: /v2, authority: internal}", "/v2", "internal", "", "")]
    [InlineData(@"{uriRegexRewrite: {match: '^/a/(.*)$', rewrite: '/b/\1'}}", "", "", "^/a/(.*)$", @"/b/\1")]
    public void Translate_Rewrite_BecomesTheRewritesOfTheRoute(string rewrite, string prefix, string host, string pattern, string substitution)
    {
        var action = Translate($"- rewrite: {rewrite}\n  {ToOrders}").Route_;

        Assert.Equal(prefix, action.PrefixRewrite);
        Assert.Equal(host, action.HostRewriteLiteral);
        Assert.Equal(pattern, action.RegexRewrite?.Pattern.Regex ?? "");
        Assert.Equal(substitution, action.RegexRewrite?.Substitution ?? "");
    }

    [Fact]
    public void Translate_Headers_SetBeforeAddInTheOrderOfNames()
    {
        var route = Translate($$"""
            - headers:
                request: {add: {x-b: '1', x-a: '2'}, set: {X-D: '3', x-c: '4'}, remove: [X-Gone]}
                response: {set: {x-r: r}, add: {x-s: s}, remove: [server]}
              {{ToOrders}}
            """);

        Assert.Equal(["x-c=4!", "x-d=3!", "x-a=2", "x-b=1"], route.RequestHeadersToAdd.Select(Written));
        Assert.Equal(["x-gone"], route.RequestHeadersToRemove);
        Assert.Equal(["x-r=r!", "x-s=s"], route.ResponseHeadersToAdd.Select(Written));
        Assert.Equal(["server"], route.ResponseHeadersToRemove);
    }

    [Fact]
    public void Translate_HeadersOfTheOnlyDestination_FollowThoseOfTheRoute()
    {
        var route = Translate("""
            - headers: {request: {set: {x-z: route}}}
              route: [{destination: {host: orders}, headers: {request: {set: {x-a: destination, host: other}}}}]
            """);

        Assert.Equal(["x-z=route!", "x-a=destination!"], route.RequestHeadersToAdd.Select(Written));
        Assert.Equal("other", route.Route_.HostRewriteLiteral);
    }

    [Fact]
    public void Translate_HeadersOfSeveralDestinations_StayWithTheirCluster()
    {
        var route = Translate("""
            - route:
              - {destination: {host: orders}, weight: 1, headers: {request: {set: {':authority': one}, remove: [x-gone]}}}
              - {destination: {host: orders}, weight: 1, headers: {response: {add: {x-version: v2}}}}
            """);

        var clusters = route.Route_.WeightedClusters.Clusters;
        Assert.Equal(["one", ""], clusters.Select(cluster => cluster.HostRewriteLiteral));
        Assert.Equal(["x-gone"], clusters[0].RequestHeadersToRemove);
        Assert.Equal(["x-version=v2"], clusters[1].ResponseHeadersToAdd.Select(Written));
        Assert.Empty(route.ResponseHeadersToAdd);
    }

    [Fact]
    public void Translate_HostInSetAndAdd_TakesThatOfSet()
        => Assert.Equal("set", Translate("- headers: {request: {add: {host: add}, set: {':authority': set}}}\n  " + ToOrders).Route_.HostRewriteLiteral);

    [Theory]
    [InlineData("5s", 5_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("250ms", 250)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("0s", 0)]
    [InlineData(null, 0)]
    public void Translate_Timeout_IsTheRoutesAndTheStreams(string? timeout, int milliseconds)
    {
        var expected = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(milliseconds));

        var action = Translate($"- {(timeout is null ? "" : $"timeout: {timeout}\n  ")}{ToOrders}").Route_;

        Assert.Equal(expected, action.Timeout);
        Assert.Equal(expected, action.MaxStreamDuration.MaxStreamDuration_);
    }

    [Fact]
    public void Translate_QueryParams_KeepTheirMeaning()
    {
        var match = Translate("- match: [{queryParams: {page: {exact: '1'}, sort: {prefix: na}, q: {regex: '[a-z]+'}, Any: {}}}]\n  " + ToOrders).Match;

        Assert.Equal(["Any", "page", "q", "sort"], match.QueryParameters.Select(parameter => parameter.Name));
        Assert.True(match.QueryParameters[0].PresentMatch);
        Assert.Equal("1", match.QueryParameters[1].StringMatch.Exact);
        Assert.Equal("[a-z]+", match.QueryParameters[2].StringMatch.SafeRegex.Regex);
        Assert.Equal("na", match.QueryParameters[3].StringMatch.Prefix);
    }

    [Fact]
    public void Translate_OnlyQueryParams_DoNotEndTheList()
        => Assert.Equal(2, RouteConfiguration($"- match: [{{queryParams: {{q: {{}}}}}}]\n  {ToOrders}\n- {ToOrders}").VirtualHosts[0].Routes.Count);

    private static string Written(HeaderValueOption option)
        => $"{option.Header.Key}={option.Header.Value}{(option.AppendAction == HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd ? "!" : "")}";

    private static Route Translate(string http) => RouteConfiguration(http).VirtualHosts[0].Routes[0];

    private static RouteConfiguration RouteConfiguration(string http)
    {
        var text = MeshYaml.Service("orders", port: 8081)
            + "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: orders}\nspec:\n  hosts: [orders]\n  http:\n"
            + string.Concat(http.Split('\n').Select(line => $"  {line}\n"));
        return MeshYaml.Translate(text).Routes("outbound|8081||orders");
    }
}
