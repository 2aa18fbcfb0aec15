using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds.Resources;

namespace ProxylessMesh.Tests.Filters;

/// <summary>The filters that change headers and note what headers say, through the whole road to a real server.</summary>
public sealed class HeaderFilterTests
{
    private const string Route = """{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s"} }""";

    /// <summary>Each row: what is done to a request, its path, and the header x-seen and path that reach the server; a header that does not is "-".</summary>
    public static TheoryData<string, string, string, string> RequestMutations() => new()
    {
        { Request(Append("x-seen", "new", "APPEND_IF_EXISTS_OR_ADD")), "/a", "old, new", "/a" },
        { Request(Append("x-seen", "new", "ADD_IF_ABSENT")), "/a", "old", "/a" },
        { Request(Append("x-seen", "new", "OVERWRITE_IF_EXISTS_OR_ADD")), "/a", "new", "/a" },
        { Request(Append("x-seen", "%REQ(:path)% %ROUTE_NAME%", "OVERWRITE_IF_EXISTS")), "/a?b=1", "/a?b=1 -", "/a?b=1" },
        { Request("""{"remove": "x-seen"}"""), "/a", "-", "/a" },
        { Request("""{"removeOnMatch": {"keyMatcher": {"prefix": "x-s"} } }"""), "/a", "-", "/a" },

        // one after the other, as they are given
        { Request($$"""{"remove": "x-seen"}, {{Append("x-seen", "1", "ADD_IF_ABSENT")}}, {{Append("x-seen", "2", "ADD_IF_ABSENT")}}"""), "/a", "1", "/a" },
        { Request($$"""{{Append("x-seen", "1", "OVERWRITE_IF_EXISTS_OR_ADD")}}, {"remove": "x-seen"}"""), "/a", "-", "/a" },
        { Query(Parameter("q", "new", "APPEND_IF_EXISTS_OR_ADD")), "/a?q=old&z=1", "old", "/a?q=old&z=1&q=new" },
        { Query(Parameter("q", "new", "ADD_IF_ABSENT")), "/a?q=old", "old", "/a?q=old" },
        { Query(Parameter("q", "a b&c", "OVERWRITE_IF_EXISTS_OR_ADD")), "/a?q=old&z=1", "old", "/a?z=1&q=a%20b%26c" },
        { Query(Parameter("q", "new", "OVERWRITE_IF_EXISTS")), "/a?z=1", "old", "/a?z=1" },
        { Query("""{"remove": "q"}"""), "/a?q=old&q&qq=1", "old", "/a?qq=1" },
        { Query("""{"remove": "q"}"""), "/a?q=1", "old", "/a" },
    };

    [Theory]
    [MemberData(nameof(RequestMutations))]
    public async Task Request_Mutated_ReachesTheServerSo(string mutations, string path, string header, string seenPath)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await FilterMesh.StartAsync(backend, Filter("HeaderMutation", $$""" "mutations": { {{mutations}} } """), Routes(Route));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://orders{path}") { Headers = { { "x-seen", "old" } } };

        using var response = await mesh.Client.SendAsync(request);

        response.EnsureSuccessStatusCode();
        Assert.Equal(header, backend.LastRequest!.Headers.GetValueOrDefault("x-seen", "-"));
        Assert.Equal(seenPath, backend.LastRequest.PathAndQuery);
        Assert.Equal("old", request.Headers.GetValues("x-seen").Single());
        Assert.Same(request, response.RequestMessage);
    }

    /// <summary>The levels add their letters: the listener's filter first, then most specific first, unless the filter says otherwise.</summary>
    [Theory]
    [InlineData("false", "f, w, r, h, c")]
    [InlineData("true", "f, c, h, r, w")]
    public async Task Levels_AllAct_InTheirOrder(string mostSpecificWins, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = $$"""
            {"match": {"prefix": "/"}, {{PerRoute("r")}}, "route": {"timeout": "0s", "weightedClusters": {"clusters": [{"name": "c", "weight": 1, {{PerRoute("w")}} }] } } }
            """;
        await using var mesh = await FilterMesh.StartAsync(
            backend,
            Filter("HeaderMutation", $$""" "mutations": { {{Request(Append("x-level", "f", "APPEND_IF_EXISTS_OR_ADD"))}} }, "mostSpecificHeaderMutationsWins": {{mostSpecificWins}} """),
            $$""" {{PerRoute("c")}}, "virtualHosts": [{"name": "h", "domains": ["*"], {{PerRoute("h")}}, "routes": [{{route}}]}] """);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(expected, backend.LastRequest!.Headers["x-level"]);
    }

    /// <summary>Answers of the routes themselves pass the filters too.</summary>
    [Theory]
    [InlineData("""{"match": {"prefix": "/"}, "route": {"cluster": "c"} }""", 200)]
    [InlineData("""{"match": {"prefix": "/"}, "directResponse": {"status": 418} }""", 418)]
    [InlineData("""{"match": {"prefix": "/"}, "redirect": {"hostRedirect": "other"} }""", 301)]
    public async Task Response_Mutated_ReachesTheCallerSo(string route, int status)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var mutations = $$""" "responseMutations": [{"remove": "x-backend"}, {{Append("x-code", "%RESPONSE_CODE%", "OVERWRITE_IF_EXISTS_OR_ADD")}}] """;
        await using var mesh = await FilterMesh.StartAsync(backend, Filter("HeaderMutation", $$""" "mutations": { {{mutations}} } """), Routes(route));

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal($"{status}", response.Headers.GetValues("x-code").Single());
        Assert.False(response.Headers.Contains("x-backend"));
    }

    [Fact]
    public async Task Filter_SwitchedOffOnARoute_DoesNotActThere()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var off = $$""" "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.config.route.v3.FilterConfig", "disabled": true} } """;
        await using var mesh = await FilterMesh.StartAsync(
            backend,
            Filter("HeaderMutation", $$""" "mutations": { {{Request(Append("x-seen", "1", "APPEND_IF_EXISTS_OR_ADD"))}} } """),
            Routes($$"""{"match": {"prefix": "/off"}, {{off}}, "route": {"cluster": "c"} }, {{Route}}"""));

        using var with = await mesh.Client.GetAsync(new Uri("http://orders/on"));
        var seenWith = backend.LastRequest!.Headers.ContainsKey("x-seen");
        using var without = await mesh.Client.GetAsync(new Uri("http://orders/off"));

        Assert.True(seenWith);
        Assert.False(backend.LastRequest!.Headers.ContainsKey("x-seen"));
    }

    /// <summary>Each row: a rule, and what a header of the route says of the note afterwards.</summary>
    public static TheoryData<string, string> MetadataRules() => new()
    {
        { """{"header": "x-user", "onHeaderPresent": {"metadataNamespace": "n", "key": "k"} }""", "eve" },
        { """{"header": "x-user", "onHeaderPresent": {"metadataNamespace": "n", "key": "k", "value": "somebody"} }""", "somebody" },
        { """{"header": "x-none", "onHeaderPresent": {"metadataNamespace": "n", "key": "k"} }""", "-" },
        { """{"header": "x-none", "onHeaderMissing": {"metadataNamespace": "n", "key": "k", "value": "nobody"} }""", "nobody" },
        { """{"header": "x-user", "onHeaderPresent": {"metadataNamespace": "n", "key": "k", "regexValueRewrite": {"pattern": {"regex": "^(.).*"}, "substitution": "\\1"} } }""", "e" },
        { """{"header": "x-number", "onHeaderPresent": {"metadataNamespace": "n", "key": "k", "type": "NUMBER"} }""", "7.5" },
        { """{"header": "x-user", "onHeaderPresent": {"metadataNamespace": "n", "key": "k", "type": "NUMBER"} }""", "-" },
        { """{"header": "x-base64", "onHeaderPresent": {"metadataNamespace": "n", "key": "k", "encode": "BASE64"} }""", "hi" },
        { """{"cookie": "id", "onHeaderPresent": {"metadataNamespace": "n", "key": "k"} }""", "42" },
        { """{"cookie": "none", "onHeaderMissing": {"metadataNamespace": "n", "key": "k", "value": "none"} }""", "none" },
        { """{"header": "x-user", "onHeaderPresent": {"metadataNamespace": "other", "key": "k"} }""", "-" },
    };

    [Theory]
    [MemberData(nameof(MetadataRules))]
    public async Task Metadata_Noted_CanBeSaidByHeaders(string rule, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = """
            {"match": {"prefix": "/"}, "route": {"cluster": "c"}, "requestHeadersToAdd": [{"header": {"key": "x-note", "value": "%DYNAMIC_METADATA(n:k)%"}}] }
            """;
        await using var mesh = await FilterMesh.StartAsync(backend, Filter("HeaderToMetadata", $$""" "requestRules": [{{rule}}] """), Routes(route));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/")
        {
            Headers = { { "x-user", "eve" }, { "x-number", "7.5" }, { "x-base64", "aGk=" }, { "cookie", "a=1; id=42" } },
        };

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal(expected, backend.LastRequest!.Headers["x-note"]);
        Assert.Equal("eve", backend.LastRequest.Headers["x-user"]);
    }

    [Fact]
    public async Task Metadata_RuleThatRemoves_TakesTheHeaderOut()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        const string Rules = """ "requestRules": [{"header": "x-user", "onHeaderPresent": {"key": "k"}, "remove": true}], "responseRules": [{"header": "x-backend", "onHeaderPresent": {"key": "k"}, "remove": true}] """;
        await using var mesh = await FilterMesh.StartAsync(backend, Filter("HeaderToMetadata", Rules), Routes(Route));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "x-user", "eve" } } };

        using var response = await mesh.Client.SendAsync(request);

        Assert.False(backend.LastRequest!.Headers.ContainsKey("x-user"));
        Assert.False(response.Headers.Contains("x-backend"));
        Assert.True(request.Headers.Contains("x-user"));
    }

    /// <summary>Each row: the kind of filter, its configuration, and how the rejection begins.</summary>
    public static TheoryData<string, string, string> Rejections() => new()
    {
        { "HeaderMutation", """ "mutations": {"requestMutations": [{"remove": ":path"}]} """, "mutations.request_mutations[0].remove: ':path' may not be changed" },
        { "HeaderMutation", """ "mutations": {"requestMutations": [{}]} """, "mutations.request_mutations[0].action: must be one of" },
        { "HeaderMutation", """ "mutations": {"responseMutations": [{"append": {"header": {"key": "x", "value": "%NO%"} } }]} """, "mutations.response_mutations[0].append.header.value: '%NO%'" },
        { "HeaderMutation", """ "mutations": {"requestMutations": [{"removeOnMatch": {} }]} """, "mutations.request_mutations[0].remove_on_match.key_matcher.match_pattern: must be" },
        { "HeaderMutation", """ "mutations": {"queryParameterMutations": [{}]} """, "mutations.query_parameter_mutations[0].remove: must not be empty" },
        { "HeaderToMetadata", "", "request_rules: or 'response_rules' must hold" },
        { "HeaderToMetadata", """ "requestRules": [{"header": "a", "cookie": "b", "onHeaderPresent": {"key": "k"} }] """, "request_rules[0].header: or 'cookie' must be set" },
        { "HeaderToMetadata", """ "requestRules": [{"header": "a"}] """, "request_rules[0].on_header_present: or 'on_header_missing'" },
        { "HeaderToMetadata", """ "requestRules": [{"cookie": "a", "remove": true, "onHeaderPresent": {"key": "k"} }] """, "request_rules[0].remove: must not be set for a cookie" },
        { "HeaderToMetadata", """ "requestRules": [{"header": "a", "onHeaderMissing": {"key": "k"} }] """, "request_rules[0].on_header_missing.value: must not be empty" },
        { "HeaderToMetadata", """ "requestRules": [{"header": "a", "onHeaderPresent": {"key": "k", "type": "PROTOBUF_VALUE"} }] """, "request_rules[0].on_header_present.type: PROTOBUF_VALUE is not supported" },
    };

    [Theory]
    [MemberData(nameof(Rejections))]
    public void Decode_WrongFilter_NamesTheField(string kind, string config, string expected)
    {
        var listener = FilterMesh.Listener(Filter(kind, config), Routes(Route));

        var result = new ProxylessMesh.Xds.Resources.ListenerDecoder().Decode(listener.Value);

        Assert.False(result.IsAccepted);
        Assert.Contains(result.Errors, error => error.StartsWith($"api_listener.api_listener.http_filters[0].typed_config.{expected}", StringComparison.Ordinal));
    }

    private static string Filter(string kind, string config)
    {
        var type = kind == "HeaderMutation" ? "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation" : "envoy.extensions.filters.http.header_to_metadata.v3.Config";
        return $$"""{"name": "f", "typedConfig": {"@type": "{{ResourceJson.Type}}{{type}}"{{(config.Length > 0 ? "," : "")}} {{config}} } }""";
    }

    private static string Routes(string routes) => $$""" "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{{routes}}]}] """;

    private static string PerRoute(string level)
        => $$"""
            "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
              "mutations": { {{Request(Append("x-level", level, "APPEND_IF_EXISTS_OR_ADD"))}} } } }
            """;

    private static string Request(string steps) => $$""" "requestMutations": [{{steps}}] """;

    private static string Query(string steps) => $$""" "queryParameterMutations": [{{steps}}] """;

    private static string Append(string name, string value, string action) => $$"""{"append": {"header": {"key": "{{name}}", "value": "{{value}}"}, "appendAction": "{{action}}"} }""";

    private static string Parameter(string name, string value, string action) => $$"""{"append": {"record": {"key": "{{name}}", "value": "{{value}}"}, "action": "{{action}}"} }""";
}
