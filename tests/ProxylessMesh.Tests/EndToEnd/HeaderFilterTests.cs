using ProxylessMesh.Tests.Peers;
using static ProxylessMesh.Tests.EndToEnd.FilteredMesh;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>The filters that look at headers and change them, over real sockets.</summary>
public sealed class HeaderFilterTests
{
    private const string Mutation = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
    private const string MutationPerRoute = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";
    private const string ToMetadata = "type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config";

    /// <summary>Each row: the mutations of a request that has x-a: 1 and x-b: 2, and what of the x- headers reaches the backend.</summary>
    [Theory]
    [InlineData("""{"remove": "x-a"}""", "x-b=2")]
    [InlineData("""{"remove": "X-A"}""", "x-b=2")]
    [InlineData("""{"remove": "x-none"}""", "x-a=1 x-b=2")]
    [InlineData("""{"removeOnMatch": {"keyMatcher": {"prefix": "x-"} } }""", "")]
    [InlineData("""{"removeOnMatch": {"keyMatcher": {"safeRegex": {"regex": "x-[b-z]"} } } }""", "x-a=1")]
    [InlineData("""{"append": {"header": {"key": "x-a", "value": "3"} } }""", "x-a=1, 3 x-b=2")]
    [InlineData("""{"append": {"header": {"key": "x-a", "value": "3"}, "appendAction": "OVERWRITE_IF_EXISTS_OR_ADD"} }""", "x-a=3 x-b=2")]
    [InlineData("""{"append": {"header": {"key": "x-a", "value": "3"}, "appendAction": "ADD_IF_ABSENT"} }""", "x-a=1 x-b=2")]
    [InlineData("""{"append": {"header": {"key": "x-c", "value": "3"}, "appendAction": "ADD_IF_ABSENT"} }""", "x-a=1 x-b=2 x-c=3")]
    [InlineData("""{"append": {"header": {"key": "x-c", "value": "3"}, "appendAction": "OVERWRITE_IF_EXISTS"} }""", "x-a=1 x-b=2")]
    [InlineData("""{"append": {"header": {"key": "x-c", "value": "%REQ(x-a)% %REQ(:path)% %PROTOCOL% %VIRTUAL_HOST_NAME% %UPSTREAM_CLUSTER%"} } }""", "x-a=1 x-b=2 x-c=1 /p?q=1 HTTP/1.1 orders c")]
    [InlineData("""{"remove": "x-a"}, {"append": {"header": {"key": "x-c", "value": "[%REQ(x-a)%]"} } }""", "x-b=2 x-c=[]")] // one after the other
    [InlineData("""{"append": {"header": {"key": "x-c", "value": "1"} } }, {"append": {"header": {"key": "x-d", "value": "%REQ(x-c)%"} } }""", "x-a=1 x-b=2 x-c=1 x-d=1")]
    public async Task Send_RequestMutations_ReachTheBackendAndNotTheCaller(string mutations, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Filter($$""" "requestMutations": [{{mutations}}] """)), backend);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/p?q=1") { Headers = { { "x-a", "1" }, { "x-b", "2" } } };
        var before = request.ToString();

        using var response = await mesh.Client.SendAsync(request);

        var seen = backend.LastRequest!.Headers.Where(static header => header.Key.StartsWith("x-", StringComparison.OrdinalIgnoreCase)).OrderBy(static header => header.Key, StringComparer.Ordinal);
        Assert.Equal(expected, string.Join(' ', seen.Select(static header => $"{header.Key.ToLowerInvariant()}={header.Value}")));
        Assert.Equal(before, request.ToString());
        Assert.Same(request, response.RequestMessage);
        Assert.Equal("/p?q=1", backend.LastRequest.PathAndQuery);
    }

    [Fact]
    public async Task Send_ResponseMutations_ReachTheCaller_AlsoOfAnAnswerOfTheMesh()
    {
        const string Response = """ "responseMutations": [{"remove": "x-host"}, {"append": {"header": {"key": "x-code", "value": "%RESPONSE_CODE%"} } }] """;
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Filter(Response), $$"""{"match": {"prefix": "/own"}, "directResponse": {"status": 202} }, {{Plain}}"""), backend);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));
        using var own = await mesh.Client.GetAsync(new Uri("http://orders/own"));

        Assert.Equal("200", response.Headers.GetValues("x-code").Single());
        Assert.False(response.Headers.Contains("x-host"));
        Assert.Equal("202", own.Headers.GetValues("x-code").Single());
    }

    /// <summary>Each row: whether the most specific level has the last word, and what is left of a header that every level appends to.</summary>
    [Theory]
    [InlineData(false, "own, route, host, routes")]
    [InlineData(true, "own, routes, host, route")]
    public async Task Send_MutationsOfSeveralLevels_AllActInOrder(bool mostSpecificWins, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var filter = $$"""{"name": "m", "typedConfig": {"@type": "{{Mutation}}", "mostSpecificHeaderMutationsWins": {{(mostSpecificWins ? "true" : "false")}}, "mutations": { {{Append("own")}} } } }""";
        await using var mesh = await StartAsync(Listener(filter, $"{Plain[..^1]}, {PerRoute("route")} }}", $"{PerRoute("host")},", $"{PerRoute("routes")},"), backend);

        await mesh.BackendOfAsync("http://orders/");

        Assert.Equal(expected, backend.LastRequest!.Headers["x-levels"]);
    }

    /// <summary>Each row: a rule, the headers of a request, and the metadata that the route writes into a header.</summary>
    [Theory]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k"} """, "x-v: 1", "1")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k", "value": "fixed"} """, "x-v: 1", "fixed")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k"} """, "", "-")]
    [InlineData(""" "header": "x-v", "onHeaderMissing": {"metadataNamespace": "ns", "key": "k", "value": "none"} """, "", "none")]
    [InlineData(""" "header": "x-v", "onHeaderMissing": {"metadataNamespace": "ns", "key": "k", "value": "none"} """, "x-v: 1", "-")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k", "regexValueRewrite": {"pattern": {"googleRe2": {}, "regex": "^/(v[0-9]+)/.*"}, "substitution": "\\1"} } """, "x-v: /v2/items", "v2")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k", "type": "NUMBER"} """, "x-v: 5.0", "5")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k", "type": "NUMBER"} """, "x-v: five", "-")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k", "encode": "BASE64"} """, "x-v: dGVh", "tea")]
    [InlineData(""" "header": "x-v", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k", "encode": "BASE64"} """, "x-v: ???", "-")]
    [InlineData(""" "cookie": "c", "onHeaderPresent": {"metadataNamespace": "ns", "key": "k"} """, "cookie: a=1; c=2", "2")]
    [InlineData(""" "cookie": "c", "onHeaderMissing": {"metadataNamespace": "ns", "key": "k", "value": "none"} """, "cookie: cc=2", "none")]
    public async Task Send_HeaderToMetadata_IsSeenByHeadersToAdd(string rule, string header, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(
            $$"""{"name": "meta", "typedConfig": {"@type": "{{ToMetadata}}", "requestRules": [{ {{rule}} }] } }""",
            $$"""{{Plain[..^1]}}, "requestHeadersToAdd": [{"header": {"key": "x-meta", "value": "%DYNAMIC_METADATA(ns:k)%"} }] }"""), backend);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        if (header.Length > 0)
        {
            request.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        }

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal(expected, backend.LastRequest!.Headers["x-meta"]);
        Assert.Empty(request.Options);
    }

    [Fact]
    public async Task Send_HeaderToMetadataThatRemoves_KeepsTheHeaderFromTheBackend()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(
            $$"""{"name": "meta", "typedConfig": {"@type": "{{ToMetadata}}", "requestRules": [{"header": "x-v", "onHeaderPresent": {"key": "k"}, "remove": true}] } }, """
            + Filter(""" "requestMutations": [{"append": {"header": {"key": "x-m", "value": "%DYNAMIC_METADATA(envoy.filters.http.header_to_metadata:k)%"} } }] """)), backend);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "x-v", "1" } } };

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("1", backend.LastRequest!.Headers["x-m"]);
        Assert.DoesNotContain("x-v", backend.LastRequest.Headers.Keys);
        Assert.True(request.Headers.Contains("x-v"));
    }

    /// <summary>What a browser may do is a server's to say: a client's preflight and its answer pass as they are.</summary>
    [Fact]
    public async Task Send_ThroughCors_PassesAsItIs()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = $"{Plain[..^1]}, {Override("cors", """ "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy", "allowOriginStringMatch": [{"exact": "https://a.example"}] """)} }}";
        await using var mesh = await StartAsync(Listener("""{"name": "cors", "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"} }""", route), backend);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "http://orders/") { Headers = { { "origin", "https://a.example" }, { "access-control-request-method", "GET" } } };

        using var response = await mesh.Client.SendAsync(preflight);

        Assert.Equal("OPTIONS", backend.LastRequest!.Method);
        Assert.False(response.Headers.Contains("access-control-allow-origin"));
    }

    private static string Filter(string mutations) => $$"""{"name": "m", "typedConfig": {"@type": "{{Mutation}}", "mutations": { {{mutations}} } } }""";

    private static string Append(string level) => $$""" "requestMutations": [{"append": {"header": {"key": "x-levels", "value": "{{level}}"} } }] """;

    private static string PerRoute(string level) => Override("m", $$""" "@type": "{{MutationPerRoute}}", "mutations": { {{Append(level)}} } """);
}
