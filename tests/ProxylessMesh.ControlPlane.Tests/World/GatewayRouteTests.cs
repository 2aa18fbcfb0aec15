using Envoy.Config.Route.V3;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Tests.Translation;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Tests.World;

/// <summary>HTTPRoute and GRPCRoute of a Service; the shop's recording has the combinations.</summary>
public sealed class GatewayRouteTests
{
    private const string Cart = "outbound|80||cart.shop.svc.cluster.local";

    private static readonly string Services = Service("cart", "shop") + Service("basket", "shop") + Service("outside", "other");

    [Theory]
    [InlineData("{path: {type: Exact, value: /a}}", "{ \"path\": \"/a\", \"caseSensitive\": true }")]
    [InlineData("{path: {type: PathPrefix, value: /a/}}", "{ \"caseSensitive\": true, \"pathSeparatedPrefix\": \"/a\" }")]
    [InlineData("{path: {value: /a}}", "{ \"caseSensitive\": true, \"pathSeparatedPrefix\": \"/a\" }")]
    [InlineData("{path: {type: RegularExpression, value: '/a/.*'}}", "{ \"caseSensitive\": true, \"safeRegex\": { \"regex\": \"/a/.*\" } }")]
    [InlineData("{method: PUT}", "{ \"prefix\": \"/\", \"caseSensitive\": true, \"headers\": [ { \"name\": \":method\", \"stringMatch\": { \"exact\": \"PUT\" } } ] }")]
    [InlineData("{headers: [{name: X-A, value: b}, {name: x-a, value: later}]}", "{ \"prefix\": \"/\", \"caseSensitive\": true, \"headers\": [ { \"name\": \"x-a\", \"stringMatch\": { \"exact\": \"b\" } } ] }")]
    [InlineData("{queryParams: [{name: q, type: RegularExpression, value: '[0-9]'}]}", "{ \"prefix\": \"/\", \"caseSensitive\": true, \"queryParameters\": [ { \"name\": \"q\", \"stringMatch\": { \"safeRegex\": { \"regex\": \"[0-9]\" } } } ] }")]
    public void Translate_HttpMatch_IsIstiods(string match, string expected)
        => Assert.Equal(expected, Routes(HttpRoute($"- matches: [{match}]\n  backendRefs: [{{name: basket, port: 80}}]"))[0].Match.ToString());

    [Theory]
    [InlineData("{service: shop.Cart}", "{ \"prefix\": \"/shop.Cart/\", \"caseSensitive\": true }")]
    [InlineData("{method: Add}", "{ \"caseSensitive\": true, \"safeRegex\": { \"regex\": \"/[^/]+/Add\" } }")]
    [InlineData("{service: shop.Cart, method: Add}", "{ \"path\": \"/shop.Cart/Add\", \"caseSensitive\": true }")]
    [InlineData("{type: RegularExpression, service: 'shop[.].*', method: 'A.*'}", "{ \"caseSensitive\": true, \"safeRegex\": { \"regex\": \"/shop[.].*/A.*\" } }")]
    public void Translate_GrpcMatch_IsIstiods(string method, string expected)
        => Assert.Equal(expected, Routes(HttpRoute($"- matches: [{{method: {method}}}]\n  backendRefs: [{{name: basket, port: 80}}]").Replace("HTTPRoute", "GRPCRoute", StringComparison.Ordinal))[0].Match.ToString());

    [Fact]
    public void Translate_SeveralMatches_AreSortedByPrecision()
    {
        var rules = string.Concat(((string[])
        [
            "{}", "{path: {value: /a}}", "{path: {type: RegularExpression, value: '/a/b/c/d/.*'}}", "{path: {value: /a}, headers: [{name: x, value: y}]}",
            "{path: {value: /a}, method: GET}", "{path: {value: /a/b}}", "{path: {type: Exact, value: /a}}", "{path: {value: /a}, queryParams: [{name: x, value: y}]}",
        ]).Select(match => $"- matches: [{match}]\n  backendRefs: [{{name: basket, port: 80}}]\n"));

        Assert.Equal([6, 5, 4, 3, 7, 1, 0], Routes(HttpRoute(rules)).Select(route => int.Parse(route.Name.Split('.')[^1])).Where(index => index != 2));
    }

    [Theory]
    [InlineData("backendRefs: [{name: basket, port: 80, weight: 0}]")]
    [InlineData("backendRefs: []")]
    [InlineData("matches: [{path: {value: /}}]")]
    public void Translate_NothingToForwardTo_Is500(string rule)
        => Assert.Equal(500u, Routes(HttpRoute("- " + rule))[0].DirectResponse.Status);

    [Fact]
    public void Translate_MissingBackend_IsAClusterThatNeverComesAnd500()
    {
        var text = Services + HttpRoute("- backendRefs: [{name: nosuch, port: 80}]");

        var action = Routes(HttpRoute("- backendRefs: [{name: nosuch, port: 80}]"))[0].Route_;

        Assert.Equal("outbound|80||nosuch.shop.svc.cluster.local", action.Cluster);
        Assert.Equal(RouteAction.Types.ClusterNotFoundResponseCode.InternalServerError, action.ClusterNotFoundResponseCode);
        Assert.Contains("there is no Service shop/nosuch with port 80", Assert.Single(MeshYamlReader.Read("m", text).Warnings).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "outbound|80|not-permitted|outside.other.svc.cluster.local")]
    [InlineData("{kind: Service}", "outbound|80||outside.other.svc.cluster.local")]
    [InlineData("{kind: Service, name: outside}", "outbound|80||outside.other.svc.cluster.local")]
    [InlineData("{kind: Service, name: another}", "outbound|80|not-permitted|outside.other.svc.cluster.local")]
    [InlineData("{kind: Secret}", "outbound|80|not-permitted|outside.other.svc.cluster.local")]
    public void Translate_BackendOfAnotherNamespace_NeedsAGrant(string to, string expected)
    {
        var grant = to.Length == 0 ? "" : $"apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {{name: g, namespace: other}}\nspec: {{from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}}], to: [{to}]}}\n---\n";

        Assert.Equal(expected, Routes(grant + HttpRoute("- backendRefs: [{name: outside, namespace: other, port: 80}]"))[0].Route_.Cluster);
    }

    [Theory]
    [InlineData("shop", "basket")]
    [InlineData("other", "outside")] // the consumer's own route
    [InlineData("third", "basket")]
    public void Translate_RouteOfAnotherNamespace_IsForItsOwnClientsAndFirst(string client, string backend)
    {
        var text = Services
            + HttpRoute("- backendRefs: [{name: basket, port: 80}]") + "---\n"
            + HttpRoute("- backendRefs: [{name: outside, port: 80}]").Replace("namespace: shop}\nspec", "namespace: other}\nspec", StringComparison.Ordinal).Replace("name: cart}]", "name: cart, namespace: shop}]", StringComparison.Ordinal);

        var view = MeshYaml.Translate(text).For(MeshClient.Default with { Namespace = client });

        Assert.StartsWith($"outbound|80||{backend}.", view.VirtualHost(Cart).Routes[0].Route_.Cluster, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}, statusCode: 301}}", "{ \"prefixRewrite\": \"/b\" }")]
    [InlineData("{type: RequestRedirect, requestRedirect: {hostname: new.example, port: 8443, scheme: https}}", "{ \"hostRedirect\": \"new.example\", \"responseCode\": \"FOUND\", \"schemeRedirect\": \"https\", \"portRedirect\": 8443 }")]
    public void Translate_Redirect_IsIstiods(string filter, string expected)
        => Assert.Equal(expected, Routes(HttpRoute($"- matches: [{{path: {{value: /a}}}}]\n  filters: [{filter}]"))[0].Redirect.ToString());

    [Theory]
    [InlineData("{type: ReplacePrefixMatch, replacePrefixMatch: /b}", "/b", null)]
    [InlineData("{type: ReplacePrefixMatch, replacePrefixMatch: /}", "", @"^/a\.b(/?)(.*) -> /\2")]
    [InlineData("{type: ReplaceFullPath, replaceFullPath: /full}", "", "/.* -> /full")]
    public void Translate_Rewrite_IsIstiods(string path, string prefix, string? regex)
    {
        var action = Routes(HttpRoute($"- matches: [{{path: {{value: /a.b}}}}]\n  filters: [{{type: URLRewrite, urlRewrite: {{path: {path}}}}}]\n  backendRefs: [{{name: basket, port: 80}}]"))[0].Route_;

        Assert.Equal(prefix, action.PrefixRewrite);
        Assert.Equal(regex, action.RegexRewrite is { } rewrite ? $"{rewrite.Pattern.Regex} -> {rewrite.Substitution}" : null);
    }

    [Theory]
    [InlineData("- retry: {codes: [500, 503], attempts: 3, backoff: 100ms}\n  timeouts: {request: 3s, backendRequest: 1s}\n  backendRefs: [{name: basket, port: 80}]", "3s", 3u, "1s", "500,503", "0.100s")]
    [InlineData("- retry: {}\n  timeouts: {backendRequest: 1s}\n  backendRefs: [{name: basket, port: 80}]", "0s", 2u, "1s", "", null)]
    [InlineData("- timeouts: {request: 3s, backendRequest: 1s}\n  backendRefs: [{name: basket, port: 80}]", "1s", 2u, null, "", null)] // no retry: a try's time is the request's
    [InlineData("- timeouts: {request: 3s, backendRequest: 0s}\n  backendRefs: [{name: basket, port: 80}]", "3s", 2u, null, "", null)] // zero is no limit
    [InlineData("- retry: {attempts: 0}\n  backendRefs: [{name: basket, port: 80}]", "0s", null, null, null, null)]
    public void Translate_RetryAndTimeouts_BecomeThoseOfTheRoute(string rules, string timeout, uint? retries, string? perTry, string? codes, string? backoff)
    {
        var action = Routes(HttpRoute(rules))[0].Route_;

        Assert.Equal(timeout, Text(action.Timeout));
        Assert.Equal(retries, action.RetryPolicy?.NumRetries);
        Assert.Equal(perTry, Text(action.RetryPolicy?.PerTryTimeout));
        Assert.Equal(codes, action.RetryPolicy is null ? null : string.Join(',', action.RetryPolicy.RetriableStatusCodes));
        Assert.Equal(backoff, Text(action.RetryPolicy?.RetryBackOff?.BaseInterval));

        static string? Text(Google.Protobuf.WellKnownTypes.Duration? duration) => duration?.ToString().Trim('"');
    }

    [Theory]
    [InlineData("", 100u, false)]
    [InlineData(", percent: 42", 420_000u, true)]
    [InlineData(", fraction: {numerator: 1, denominator: 8}", 125_000u, true)]
    public void Translate_RequestMirror_BecomesAMirrorOfTheRoute(string share, uint numerator, bool isOfMillion)
    {
        var mirror = Assert.Single(Routes(HttpRoute($"- filters: [{{type: RequestMirror, requestMirror: {{backendRef: {{name: basket, port: 80}}{share}}}}}]\n  backendRefs: [{{name: basket, port: 80}}]"))[0].Route_.RequestMirrorPolicies);

        Assert.Equal("outbound|80||basket.shop.svc.cluster.local", mirror.Cluster);
        Assert.Equal(numerator, mirror.RuntimeFraction.DefaultValue.Numerator);
        Assert.Equal(isOfMillion, mirror.RuntimeFraction.DefaultValue.Denominator == Envoy.Type.V3.FractionalPercent.Types.DenominatorType.Million);
    }

    [Fact]
    public void Translate_Cors_IsTheRoutesSettingOfTheCorsFilter()
    {
        var route = Routes(HttpRoute("- filters: [{type: CORS, cors: {allowOrigins: ['https://*.shop.example', 'https://a'], maxAge: 5}}]\n  backendRefs: [{name: basket, port: 80}]"))[0];
        var policy = Envoy.Extensions.Filters.Http.Cors.V3.CorsPolicy.Parser.ParseFrom(route.TypedPerFilterConfig["envoy.filters.http.cors"].Value);

        Assert.Equal(["https://.*\\.shop\\.example", "https://a"], policy.AllowOriginStringMatch.Select(origin => origin.SafeRegex?.Regex ?? origin.Exact));
        Assert.Equal("5", policy.MaxAge);
    }

    [Theory]
    [InlineData("- matches: [{path: {type: Glob, value: /a}}]", "spec.rules[0].matches[0].path.type: must be Exact, PathPrefix or RegularExpression, not 'Glob'")]
    [InlineData("- matches: [{path: {value: a}}]", "spec.rules[0].matches[0].path.value: 'a' matches no request; a path starts with '/'")]
    [InlineData("- matches: [{headers: [{name: 'a b', value: c}]}]", "spec.rules[0].matches[0].headers[0].name: 'a b' is not a header name")]
    [InlineData("- matches: [{headers: [{name: a}]}]", "spec.rules[0].matches[0].headers[0].value: is required")]
    [InlineData("- backendRefs: [{name: basket}]", "spec.rules[0].backendRefs[0].port: is required")]
    [InlineData("- backendRefs: [{kind: Secret, name: basket, port: 80}]", "spec.rules[0].backendRefs[0].kind: Secret is not supported in this version; use a Service")]
    [InlineData("- backendRefs: [{name: basket, port: 80, weight: -1}]", "spec.rules[0].backendRefs[0].weight: must be a whole number from 0 to 1000000, not '-1'")]
    [InlineData("- filters: [{type: ExtensionRef, extensionRef: {}}]", "spec.rules[0].filters[0].type: ExtensionRef is not supported here; known: RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, RequestRedirect, URLRewrite, CORS")]
    [InlineData("- timeouts: {request: 1s, backendRequest: 2s}", "spec.rules[0].timeouts.backendRequest: must not be longer than request, which covers it")]
    [InlineData("- filters: [{type: RequestMirror, requestMirror: {backendRef: {name: basket}}}]", "spec.rules[0].filters[0].requestMirror.backendRef.port: is required")]
    [InlineData("- filters: [{type: RequestMirror, requestMirror: {backendRef: {name: basket, port: 80}, percent: 1, fraction: {numerator: 1}}}]", "spec.rules[0].filters[0].requestMirror.fraction: excludes 'percent'; remove one of them")]
    [InlineData("- retry: {codes: [99]}", "spec.rules[0].retry.codes[0]: must be a whole number from 100 to 599, not '99'")]
    [InlineData("- filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [b]}}]", "spec.rules[0].filters[1].type: RequestHeaderModifier is given twice; merge the two")]
    [InlineData("- filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /a, replacePrefixMatch: /b}}}]", "spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch: has no effect with type ReplaceFullPath; remove it")]
    [InlineData("- filters: [{type: URLRewrite}]", "spec.rules[0].filters[0].urlRewrite: is required")]
    [InlineData("- filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: host, value: a}]}}]", "spec.rules[0].filters[0].requestHeaderModifier.set[0].name: 'host' may not be changed here; only a request's host can be, by set or by rewrite.authority")]
    [InlineData("- filters: [{type: RequestRedirect, requestRedirect: {statusCode: 305}}]", "spec.rules[0].filters[0].requestRedirect.statusCode: must be one of 301, 302, 303, 307, 308, not 305")]
    [InlineData("- matches: [{path: {type: Exact, value: /a}}]\n  filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]", "spec.rules[0].filters: ReplacePrefixMatch needs matches of type PathPrefix; use ReplaceFullPath, or change the matches")]
    [InlineData("- timeouts: {request: soon}", "spec.rules[0].timeouts.request: must be a duration such as 5s, 1.5s, 250ms or 1m30s, not 'soon'")]
    [InlineData("- match: []", "spec.rules[0].match: is not a known field; known here: backendRefs, filters, matches, name, retry, sessionPersistence, timeouts")]
    public void Read_WrongRule_NamesFieldAndRemedy(string rules, string expected)
        => Assert.Contains($"HTTPRoute shop/cart: {expected}", Assert.Single(MeshYamlReader.Read("m", Services + HttpRoute(rules)).Errors).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("{group: '', kind: Service, name: nosuch}", "spec.parentRefs[0].name: there is no Service shop/nosuch; add it or correct the name")]
    [InlineData("{group: '', kind: Service, name: cart, port: 81}", "spec.parentRefs[0].name: 'cart.shop.svc.cluster.local' has no port 81; its ports: 80")]
    public void Read_WrongParent_NamesFieldAndRemedy(string parent, string expected)
    {
        var text = Services + HttpRoute("- backendRefs: [{name: basket, port: 80}]").Replace("{group: '', kind: Service, name: cart}", parent, StringComparison.Ordinal);

        Assert.Contains(expected, Assert.Single(MeshYamlReader.Read("m", text).Errors).ToString(), StringComparison.Ordinal);
    }

    private static Route[] Routes(string text)
        => [.. MeshYaml.Translate(Services + text).For(MeshClient.Default with { Namespace = "shop" }).VirtualHost(Cart).Routes];

    private static string Service(string name, string ns)
        => $"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {ns}}}\nspec: {{clusterIP: 10.96.0.1, ports: [{{name: http, port: 80}}]}}\n---\n";

    private static string HttpRoute(string rules)
        => $"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: cart, namespace: shop}}\nspec:\n  parentRefs: [{{group: '', kind: Service, name: cart}}]\n  rules:\n{string.Concat(rules.TrimEnd().Split('\n').Select(line => $"  {line}\n"))}";
}
