using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>The rules of route configurations, one row each.</summary>
public sealed class RoutesDecoderRejectionTests
{
    private const string Route0 = "virtual_hosts[0].routes[0]";
    private const string ToCart = """ "route": {"cluster": "cart"} """;

    private readonly RoutesDecoder _decoder = new();

    /// <summary>Each row: fields of a route configuration named <c>r</c>, and the errors.</summary>
    public static TheoryData<string, string[]> Configurations() => new()
    {
        { """ "vhds": {} """, ["vhds: virtual hosts on demand are not supported"] },
        { """ "vhostHeader": "x" """, ["vhost_header: is not supported"] },
        { """ "ignorePathParametersInPathMatching": true """, ["ignore_path_parameters_in_path_matching: is not supported"] },
        { """ "clusterSpecifierPlugins": [{"extension": {"name": "p"}}] """, ["cluster_specifier_plugins[0].extension: the cluster specifier plugin type '' is not supported"] },
        { """ "clusterSpecifierPlugins": [{"isOptional": true}] """, ["cluster_specifier_plugins[0].extension.name: must not be empty"] },
        { """ "clusterSpecifierPlugins": [{"extension": {"name": "p"}, "isOptional": true}, {"extension": {"name": "p"}, "isOptional": true}] """, ["cluster_specifier_plugins[1].extension.name: 'p' is already the name of another plugin"] },
        { $$""" "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } """, [$"""typed_per_filter_config["f"]: the filter type '{ResourceJson.Type}envoy.type.v3.Percent' is not supported"""] },
        { """ "virtualHosts": [{"domains": ["*"]}] """, ["virtual_hosts[0].name: must not be empty"] },
        { """ "virtualHosts": [{"name": "h"}] """, ["virtual_hosts[0].domains: must hold at least one domain"] },
        { """ "virtualHosts": [{"name": "h", "domains": [""]}] """, ["virtual_hosts[0].domains[0]: must not be empty"] },
        { """ "virtualHosts": [{"name": "h", "domains": ["a.*.b", "*a*", "**", "a*b"]}] """, ["virtual_hosts[0].domains[0]: 'a.*.b' may have one '*'", "virtual_hosts[0].domains[1]: '*a*'", "virtual_hosts[0].domains[2]: '**'", "virtual_hosts[0].domains[3]: 'a*b'"] },
        { """ "virtualHosts": [{"name": "h", "domains": ["a.example"]}, {"name": "i", "domains": ["b", "A.Example"]}] """, ["virtual_hosts[1].domains[1]: 'A.Example' was given before"] },
        { """ "virtualHosts": [{"name": "h", "domains": ["*"], "matcher": {}}] """, ["virtual_hosts[0].matcher: is not supported"] },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Decode_BrokenRuleOfConfiguration_IsRejectedWithPathAndRule(string fields, string[] errors)
        => Rejections.AssertErrors(errors, _decoder.Decode(Routes($$"""{"name": "r", {{fields}} }""")));

    /// <summary>Each row: a match, and the errors below it.</summary>
    public static TheoryData<string, string[]> Matches() => new()
    {
        { """{}""", ["path_specifier: must be one of"] },
        { """{"connectMatcher": {}}""", ["connect_matcher: is not supported"] },
        { """{"pathMatchPolicy": {"name": "x"}}""", ["path_match_policy.typed_config: the path matcher type '' is not supported"] },
        { Template("a"), ["path_match_policy.typed_config.path_template: 'a': must begin with '/'"] },
        { Template("/{a}/{a}"), ["path_match_policy.typed_config.path_template: '/{a}/{a}': 'a' must be a variable's name, given once"] },
        { Template("/{a"), ["path_match_policy.typed_config.path_template: '/{a': '{' is not closed"] },
        { Template("/{a=}"), ["path_match_policy.typed_config.path_template: '/{a=}': the pattern of a variable must not be empty"] },
        { Template("/**/*"), ["path_match_policy.typed_config.path_template: '/**/*': '**' must be the last placeholder"] },
        { Template("/a//b"), ["path_match_policy.typed_config.path_template: '/a//b': must not have an empty segment"] },
        { Template("/a?b"), ["path_match_policy.typed_config.path_template: '/a?b': '?' may not stand in a path"] },
        { Template("/{a}{b}{c}{d}{e}{f}"), ["path_match_policy.typed_config.path_template: '/{a}{b}{c}{d}{e}{f}': may have 5 variables at most"] },
        { """{"prefix": "/", "queryParameters": [{"presentMatch": true}]}""", ["query_parameters[0].name: must not be empty"] },
        { """{"prefix": "/", "queryParameters": [{"name": "q", "stringMatch": {}}]}""", ["query_parameters[0].string_match.match_pattern: must be one of"] },
        { """{"prefix": "/", "runtimeFraction": {}}""", ["runtime_fraction.default_value: must be set"] },
        { """{"safeRegex": {"regex": "("}}""", ["safe_regex.regex: '(' is no regular expression of RE2"] },
        { """{"safeRegex": {}}""", ["safe_regex.regex: must not be empty"] },
        { """{"safeRegex": {"regex": "(a)\\1"}}""", ["safe_regex.regex: '(a)\\1' is no regular expression of RE2"] },
        { """{"pathSeparatedPrefix": "/a/"}""", ["path_separated_prefix: '/a/' must be a path"] },
        { """{"pathSeparatedPrefix": "/"}""", ["path_separated_prefix: '/' must be a path"] },
        { """{"pathSeparatedPrefix": "/a?b"}""", ["path_separated_prefix: '/a?b' must be a path"] },
        { """{"prefix": "/", "cookies": [{}]}""", ["cookies: is a condition this version does not know"] },
        { """{"prefix": "/", "tlsContext": {}}""", ["tls_context: is a condition this version does not know"] },
        { """{"prefix": "/", "headers": [{"presentMatch": true}]}""", ["headers[0].name: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x"}]}""", ["headers[0].header_match_specifier: must be set"] },
        { """{"prefix": "/", "headers": [{"name": "x", "prefixMatch": ""}]}""", ["headers[0].prefix_match: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x", "suffixMatch": ""}]}""", ["headers[0].suffix_match: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x", "containsMatch": ""}]}""", ["headers[0].contains_match: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x", "safeRegexMatch": {"regex": "["}}]}""", ["headers[0].safe_regex_match.regex: '[' is no regular"] },
        { """{"prefix": "/", "headers": [{"name": "x", "stringMatch": {}}]}""", ["headers[0].string_match.match_pattern: must be one of"] },
        { """{"prefix": "/", "headers": [{"name": "x", "stringMatch": {"custom": {"name": "c"}}}]}""", ["headers[0].string_match.match_pattern: must be one of"] },
        { """{"prefix": "/", "headers": [{"name": "x", "stringMatch": {"prefix": ""}}]}""", ["headers[0].string_match.prefix: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x", "stringMatch": {"suffix": ""}}]}""", ["headers[0].string_match.suffix: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x", "stringMatch": {"contains": ""}}]}""", ["headers[0].string_match.contains: must not be empty"] },
        { """{"prefix": "/", "headers": [{"name": "x", "presentMatch": true}, {"name": "x", "stringMatch": {"safeRegex": {"regex": "*"}}}]}""", ["headers[1].string_match.safe_regex.regex: '*' is no regular"] },
    };

    [Theory]
    [MemberData(nameof(Matches))]
    public void Decode_BrokenRuleOfMatch_IsRejectedWithPathAndRule(string match, string[] errors)
        => Rejections.AssertErrors(
            [.. errors.Select(error => $"{Route0}.match.{error}")],
            _decoder.Decode(Routes(Host($$"""{"match": {{match}}, {{ToCart}} }"""))));

    /// <summary>Each row: the fields of a route beside its match, and the errors below the route.</summary>
    public static TheoryData<string, string[]> Actions() => new()
    {
        { """ "route": {"cluster": ""} """, ["route.cluster: must not be empty"] },
        { """ "route": {"weightedClusters": {}} """, ["route.weighted_clusters.clusters: the weights add up to 0"] },
        { """ "route": {"weightedClusters": {"clusters": [{"name": "a", "weight": 0}]}} """, ["route.weighted_clusters.clusters: the weights add up to 0"] },
        { """ "route": {"weightedClusters": {"clusters": [{"name": "a", "weight": 4294967295}, {"name": "b", "weight": 1}]}} """, ["route.weighted_clusters.clusters: the weights add up to 4294967296; the sum must be from 1 to 4294967295"] },
        { """ "route": {"weightedClusters": {"clusters": [{"weight": 1}]}} """, ["route.weighted_clusters.clusters[0].name: must not be empty"] },
        { """ "route": {"clusterHeader": "a b"} """, ["route.cluster_header: 'a b' is no header name"] },
        { """ "route": {"cluster": "c", "prefixRewrite": "/a b"} """, ["route.prefix_rewrite: '/a b' must be ASCII without white space"] },
        { """ "route": {"cluster": "c", "prefixRewrite": "/a", "regexRewrite": {}} """, ["route.prefix_rewrite: 'prefix_rewrite', 'regex_rewrite' and 'path_rewrite_policy' exclude each other"] },
        { """ "route": {"cluster": "c", "regexRewrite": {}} """, ["route.regex_rewrite.pattern: must be set"] },
        { """ "route": {"cluster": "c", "regexRewrite": {"pattern": {"regex": "a"}, "substitution": "\\1"}} """, ["route.regex_rewrite.substitution: '\\1' names no group of 'a'"] },
        { """ "route": {"cluster": "c", "regexRewrite": {"pattern": {"regex": "a"}, "substitution": "\\x"}} """, ["route.regex_rewrite.substitution: a '\\' must be followed by"] },
        { """ "route": {"cluster": "c", "pathRewritePolicy": {"name": "x"}} """, ["route.path_rewrite_policy.typed_config: the path rewrite type '' is not supported"] },
        { """ "route": {"cluster": "c", "hostRewriteLiteral": "a/b"} """, ["route.host_rewrite_literal: 'a/b' is no host"] },
        { """ "redirect": {"pathRedirect": "/a b"} """, ["redirect.path_redirect: '/a b' must be ASCII"] },
        { """ "redirect": {"portRedirect": 70000} """, ["redirect.port_redirect: 70000 must be a port"] },
        { """ "directResponse": {"status": 99} """, ["direct_response.status: 99 must be from 200 to 599"] },
        { """ "directResponse": {"status": 200, "body": {"filename": "/etc/passwd"}} """, ["direct_response.body: must be given as 'inline_string' or 'inline_bytes'"] },
        { """ "directResponse": {"status": 200, "bodyFormat": {}} """, ["direct_response.body_format: is not supported"] },
        { $$""" "directResponse": {"status": 200, "body": {"inlineString": "{{new string('a', 4097)}}"} } """, ["direct_response.body: 4097 bytes are more than max_direct_response_body_size_bytes, 4096"] },
        { """ "route": {"cluster": "c"}, "requestHeadersToAdd": [{}] """, ["request_headers_to_add[0].header.key: '' is no header name"] },
        { """ "route": {"cluster": "c"}, "requestHeadersToAdd": [{"header": {"key": "Host", "value": "x"}}] """, ["request_headers_to_add[0].header.key: 'Host' may not be changed"] },
        { """ "route": {"cluster": "c"}, "requestHeadersToAdd": [{"header": {"key": "x", "value": "%NO_SUCH%"}}] """, ["request_headers_to_add[0].header.value: '%NO_SUCH%': '%NO_SUCH%' is no command known here"] },
        { """ "route": {"cluster": "c"}, "requestHeadersToAdd": [{"header": {"key": "x", "value": "50%"}}] """, ["request_headers_to_add[0].header.value: '50%': a '%' that stands for itself is written '%%'"] },
        { """ "route": {"cluster": "c"}, "requestHeadersToAdd": [{"header": {"key": "x", "value": "a\r\nb"}}] """, ["request_headers_to_add[0].header.value: must not contain line ends"] },
        { """ "route": {"cluster": "c"}, "responseHeadersToRemove": [":status"] """, ["response_headers_to_remove[0]: ':status' may not be changed"] },
        { """ "route": {"cluster": "c"}, "responseHeadersToAdd": [{"header": {"key": "x", "value": "a"}, "append": true, "appendAction": "ADD_IF_ABSENT"}] """, ["response_headers_to_add[0].append: and 'append_action' exclude each other"] },
        { """ "route": {"clusterSpecifierPlugin": "p"} """, ["route.cluster_specifier_plugin: 'p' is not declared"] },
        { """ "route": {"inlineClusterSpecifierPlugin": {}} """, ["route.inline_cluster_specifier_plugin.extension: the cluster specifier plugin type '' is not supported"] },
        { """ "route": {"cluster": "c", "timeout": "-0.5s"} """, ["route.timeout: 0 s and -500000000 ns is no duration"] },
        { """ "route": {"cluster": "c", "maxStreamDuration": {"grpcTimeoutHeaderMax": "-1s"}} """, ["route.max_stream_duration.grpc_timeout_header_max: -1 s"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"retryBackOff": {}}} """, ["route.retry_policy.retry_back_off.base_interval: must be set"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"retryBackOff": {"baseInterval": "0s"}}} """, ["route.retry_policy.retry_back_off.base_interval: must be greater than 0"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"retryBackOff": {"baseInterval": "2s", "maxInterval": "1s"}}} """, ["route.retry_policy.retry_back_off.max_interval: 00:00:01 must not be less than base_interval, 00:00:02"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"numRetries": 0}} """, ["route.retry_policy.num_retries: must be at least 1"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"perTryTimeout": "-1s"}} """, ["route.retry_policy.per_try_timeout: -1 s"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"rateLimitedRetryBackOff": {}}} """, ["route.retry_policy.rate_limited_retry_back_off.reset_headers: must hold at least one"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"rateLimitedRetryBackOff": {"resetHeaders": [{}]}}} """, ["route.retry_policy.rate_limited_retry_back_off.reset_headers[0].name: must not be empty"] },
        { """ "route": {"cluster": "c", "retryPolicy": {"retriableHeaders": [{}]}} """, ["route.retry_policy.retriable_headers[0].name: must not be empty"] },
        { """ "route": {"cluster": "c", "hedgePolicy": {"initialRequests": 0}} """, ["route.hedge_policy.initial_requests: must be at least 1"] },
        { """ "route": {"cluster": "c", "hedgePolicy": {"additionalRequestChance": {"denominator": 7}}} """, ["route.hedge_policy.additional_request_chance.denominator: must be HUNDRED"] },
        { """ "route": {"cluster": "c", "hashPolicy": [{"header": {"headerName": "x", "regexRewrite": {"pattern": {"regex": ")"}}}}]} """, ["route.hash_policy[0].header.regex_rewrite.pattern.regex: ')' is no regular"] },
        { $$""" "route": {"cluster": "c"}, "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.config.route.v3.FilterConfig"} } """, ["""typed_per_filter_config["f"].config: must be set"""] },
        { $$""" "route": {"cluster": "c"}, "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute", "statefulSession": {"sessionState": {} } } } """, ["""typed_per_filter_config["f"].session_state: session affinity is not supported"""] },
    };

    [Theory]
    [MemberData(nameof(Actions))]
    public void Decode_BrokenRuleOfAction_IsRejectedWithPathAndRule(string fields, string[] errors)
        => Rejections.AssertErrors(
            [.. errors.Select(error => $"{Route0}.{error}")],
            _decoder.Decode(Routes(Host($$"""{"match": {"prefix": "/"}, {{fields}} }"""))));

    [Fact]
    public void Decode_NoMatch_IsRejected()
        => Rejections.AssertErrors([$"{Route0}.match: must be set"], _decoder.Decode(Routes(Host($$"""{ {{ToCart}} }"""))));

    [Fact]
    public void Decode_NoName_IsRejected()
        => Rejections.AssertErrors(["name: must not be empty"], _decoder.Decode(Routes("{}")));

    [Fact]
    public void Decode_SeveralRulesBroken_NamesEach()
    {
        var result = _decoder.Decode(Routes(Host($$"""{"match": {}, {{ToCart}} }, {"match": {"safeRegex": {"regex": "("} }, "route": {"cluster": ""} }""")));

        Assert.Equal("r", result.Name);
        Rejections.AssertErrors([$"{Route0}.match.path_specifier", "virtual_hosts[0].routes[1].match.safe_regex.regex", "virtual_hosts[0].routes[1].route.cluster"], result);
    }

    [Fact]
    public void Decode_MistakeInEveryRoute_CapsTheErrors()
    {
        var result = _decoder.Decode(Routes(Host(string.Join(", ", Enumerable.Repeat($$"""{"match": {}, {{ToCart}} }""", 60)))));

        Assert.Equal(51, result.Errors.Count);
        Assert.Equal("and 10 more errors", result.Errors[^1]);
    }

    private static string Host(string routes) => $$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{{routes}}]}]}""";

    private static string Template(string template)
        => $$"""{"pathMatchPolicy": {"name": "t", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig", "pathTemplate": "{{template}}"} } }""";
}
