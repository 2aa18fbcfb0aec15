using Envoy.Extensions.Filters.Http.LocalRatelimit.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.ControlPlane.Yaml;
using ProxylessMesh.Xds;
using RateLimitFilter = Envoy.Extensions.Filters.Http.Ratelimit.V3.RateLimit;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>EnvoyFilters configure rate limits, and whatever else one says is an error that names its field.</summary>
public sealed class EnvoyFilterTests
{
    private const string LocalType = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
    private const string GlobalType = "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit";
    private const string Local = "{name: envoy.filters.http.local_ratelimit, typed_config: {'@type': " + LocalType + ", stat_prefix: local}}";
    private const string Router = "listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}}";
    private const string Limited = "route: {rate_limits: [{actions: [{request_headers: {header_name: x-user, descriptor_key: user}}]}]}";

    [Theory]
    [InlineData("operation: INSERT_BEFORE", Router, "fault,local_ratelimit,router")]
    [InlineData("operation: INSERT_AFTER", "listener: {filterChain: {filter: {subFilter: {name: envoy.filters.http.fault}}}}", "fault,local_ratelimit,router")]
    [InlineData("operation: INSERT_FIRST", "", "local_ratelimit,fault,router")]
    [InlineData("operation: INSERT_BEFORE", "listener: {portNumber: 80, filterChain: {filter: {subFilter: {name: envoy.filters.http.router}}}}", "fault,local_ratelimit,router")]
    [InlineData("operation: INSERT_BEFORE", "listener: {portNumber: 81, filterChain: {filter: {subFilter: {name: envoy.filters.http.router}}}}", "fault,router")]
    [InlineData("operation: INSERT_BEFORE", "listener: {filterChain: {filter: {subFilter: {name: nosuch}}}}", "fault,router")]
    public void Translate_HttpFilter_StandsWhereItWasPut(string operation, string match, string expected)
    {
        var filters = Filters(Translate(Filter("HTTP_FILTER", match, $"{operation}, value: {Local}")));

        Assert.Equal(expected, string.Join(',', filters.Select(filter => filter.Name["envoy.filters.http.".Length..])));
    }

    [Theory]
    [InlineData("{'@type': " + LocalType + ", stat_prefix: p, token_bucket: {max_tokens: 5, tokens_per_fill: 5, fill_interval: 60s}}")]
    [InlineData("{'@type': type.googleapis.com/udpa.type.v1.TypedStruct, type_url: " + LocalType + ", value: {stat_prefix: p, token_bucket: {max_tokens: 5, tokens_per_fill: 5, fill_interval: 60s}}}")]
    [InlineData("{'@type': type.googleapis.com/xds.type.v3.TypedStruct, typeUrl: " + LocalType + ", value: {statPrefix: p, tokenBucket: {maxTokens: 5, tokensPerFill: 5, fillInterval: 60s}}}")]
    public void Translate_TypedConfig_IsTheMessageItself(string config)
    {
        var filter = Filters(Translate(Filter("HTTP_FILTER", "", $"operation: INSERT_FIRST, value: {{name: limit, typed_config: {config}}}")))[0];

        var made = filter.TypedConfig.Unpack<LocalRateLimit>();
        Assert.Equal(("p", 5u, 60L), (made.StatPrefix, made.TokenBucket.MaxTokens, made.TokenBucket.FillInterval.Seconds));
    }

    [Fact]
    public void Translate_GlobalLimit_CarriesTheService()
    {
        var filter = Filters(Translate(Filter("HTTP_FILTER", "", "operation: INSERT_FIRST, value: {name: limit, typed_config: {'@type': " + GlobalType + ", domain: shop, failure_mode_deny: true, timeout: 0.5s, rate_limit_service: {transport_api_version: V3, grpc_service: {envoy_grpc: {cluster_name: 'outbound|80||orders'}}}}}")))[0];

        var made = filter.TypedConfig.Unpack<RateLimitFilter>();
        Assert.Equal(("shop", true, "outbound|80||orders"), (made.Domain, made.FailureModeDeny, made.RateLimitService.GrpcService.EnvoyGrpc.ClusterName));
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("routeConfiguration: {vhost: {name: 'orders:80'}}", 2)]
    [InlineData("routeConfiguration: {vhost: {name: 'orders:81'}}", 0)]
    [InlineData("routeConfiguration: {vhost: {route: {name: first}}}", 1)]
    [InlineData("routeConfiguration: {portNumber: 81}", 0)]
    [InlineData("routeConfiguration: {portNumber: 80, vhost: {name: 'orders:80', route: {name: first, action: ROUTE}}}", 1)]
    public void Translate_HttpRoute_IsMergedWhereTheMatchHolds(string match, int expected)
    {
        var host = Translate(Filter("HTTP_ROUTE", match, $"operation: MERGE, value: {{{Limited}, typed_per_filter_config: {{limit: {{'@type': {LocalType}, stat_prefix: p}}}}}}")).VirtualHost("outbound|80||orders");

        Assert.Equal(expected, host.Routes.Count(route => route.TypedPerFilterConfig.ContainsKey("limit")));

        // The last route answers by itself: it has no action that could be limited, but takes the filter's setting.
        Assert.Equal(Math.Min(expected, 1), host.Routes.Count(route => route.Route_?.RateLimits.Count == 1));
        Assert.Equal(418u, host.Routes[1].DirectResponse.Status);
    }

    [Fact]
    public void Translate_VirtualHost_IsMerged()
    {
        var host = Translate(Filter("VIRTUAL_HOST", "", "operation: MERGE, value: {rate_limits: [{stage: 1, actions: [{remote_address: {}}]}]}")).VirtualHost("outbound|80||orders");

        Assert.Equal(1u, Assert.Single(host.RateLimits).Stage);
    }

    [Fact]
    public void Translate_Cluster_IsAddedInBothDialects()
    {
        var mesh = Translate(Filter("CLUSTER", "", "operation: ADD, value: {name: limiter, type: STRICT_DNS, connect_timeout: 1s, load_assignment: {cluster_name: limiter, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: limiter.example, port_value: 8081}}}}]}]}}"));

        Assert.Equal("limiter", mesh.Cluster("limiter").Name);
        Assert.Contains("limiter", mesh.For(MeshClient.Default with { Dialect = ClientDialect.Sidecar }).Names(ResourceTypes.Cluster));
        Assert.Empty(ServedResourceValidator.Validate(mesh));
    }

    [Theory]
    [InlineData("istio-system", "", "shop", true)] // the root namespace's are for all
    [InlineData("shop", "", "shop", true)]
    [InlineData("shop", "", "other", false)]
    [InlineData("shop", "workloadSelector: {labels: {app: web}}", "shop", true)]
    [InlineData("shop", "workloadSelector: {labels: {app: batch}}", "shop", false)]
    public void Translate_Filter_IsForTheClientsOfItsNamespaceAndLabels(string ns, string selector, string client, bool expected)
    {
        var text = MeshYaml.Service("orders") + Filter("HTTP_FILTER", "", $"operation: INSERT_FIRST, value: {Local}", ns, selector);

        var view = MeshYaml.Translate(text).For(MeshClient.Default with { Namespace = client, Labels = MeshClient.Default.Labels.Add("app", "web") });

        Assert.Equal(expected, Filters(view).Any(filter => filter.Name == "envoy.filters.http.local_ratelimit"));
    }

    [Fact]
    public void Translate_SeveralFilters_AreInTheOrderOfRootNamespaceAndPriority()
    {
        string Named(string name) => Local.Replace("envoy.filters.http.local_ratelimit", name, StringComparison.Ordinal);
        var text = MeshYaml.Service("orders")
            + Filter("HTTP_FILTER", "", $"operation: INSERT_FIRST, value: {Named("own")}", "default", "priority: -5", name: "a")
            + Filter("HTTP_FILTER", "", $"operation: INSERT_FIRST, value: {Named("late")}", "istio-system", "priority: 10", name: "b")
            + Filter("HTTP_FILTER", "", $"operation: INSERT_FIRST, value: {Named("early")}", "istio-system", name: "c");

        Assert.Equal(["own", "late", "early"], Filters(MeshYaml.Translate(text)).Take(3).Select(filter => filter.Name));
    }

    [Theory]
    [InlineData("LISTENER", "", "operation: MERGE, value: {}", "applyTo: LISTENER is not supported: an EnvoyFilter may only configure rate limits here")]
    [InlineData("NETWORK_FILTER", "", "operation: MERGE, value: {}", "applyTo: NETWORK_FILTER is not supported")]
    [InlineData("HTTP_FILTER", "", "operation: INSERT_FIRST, value: {name: lua, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}", "patch.value.typed_config.@type: 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua' is not supported: an EnvoyFilter may only configure rate limits here; write one of " + LocalType + ", " + GlobalType)]
    [InlineData("HTTP_FILTER", "", "operation: INSERT_FIRST, value: {name: a, typed_config: {stat_prefix: b}}", "patch.value.typed_config.@type: is required")]
    [InlineData("HTTP_FILTER", "", "operation: INSERT_FIRST, value: {name: a, typed_config: {'@type': " + LocalType + ", stat_prefixx: b}}", "patch.value.typed_config.stat_prefixx: is no field of envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit that this version knows")]
    [InlineData("HTTP_FILTER", "", "operation: INSERT_FIRST, value: {name: a, typed_config: {'@type': " + LocalType + ", token_bucket: {max_tokens: many}}}", "patch.value.typed_config.token_bucket.max_tokens: cannot be read")]
    [InlineData("HTTP_FILTER", "", "operation: INSERT_BEFORE, value: " + Local, "patch.operation: INSERT_BEFORE needs a filter to stand beside")]
    [InlineData("HTTP_FILTER", "", "operation: REPLACE, value: " + Local, "patch.operation: REPLACE is not supported for HTTP_FILTER; use INSERT_BEFORE, INSERT_AFTER or INSERT_FIRST")]
    [InlineData("HTTP_FILTER", "routeConfiguration: {portNumber: 80}", "operation: INSERT_FIRST, value: " + Local, "match: of HTTP_FILTER may only hold context and listener here")]
    [InlineData("HTTP_FILTER", "proxy: {proxyVersion: '1.*'}", "operation: INSERT_FIRST, value: " + Local, "match.proxy: is not supported in this version; remove it")]
    [InlineData("HTTP_ROUTE", "", "operation: REMOVE, value: {}", "patch.operation: REMOVE is not supported here; use MERGE")]
    [InlineData("HTTP_ROUTE", "", "operation: MERGE, value: {route: {timeout: 1s}}", "patch.value.route.timeout: is not supported: an EnvoyFilter may only configure rate limits here; say it by a VirtualService, or remove it; known here: include_vh_rate_limits, rate_limits")]
    [InlineData("HTTP_ROUTE", "", "operation: MERGE, value: {match: {prefix: /}}", "patch.value.match: is not supported")]
    [InlineData("HTTP_ROUTE", "", "operation: MERGE, value: {route: {rate_limits: [{actions: [{magic: {}}]}]}}", "patch.value.route.rate_limits[0].actions[0].magic: is no field of ")]
    [InlineData("VIRTUAL_HOST", "", "operation: MERGE, value: {domains: [a]}", "patch.value.domains: is not supported")]
    [InlineData("CLUSTER", "", "operation: MERGE, value: {name: a}", "patch.operation: MERGE is not supported for CLUSTER; use ADD")]
    [InlineData("CLUSTER", "", "operation: ADD, value: {type: STATIC}", "patch.value: must have a name")]
    [InlineData("CLUSTER", "", "operation: ADD, value: {name: a, typo: 1}", "patch.value.typo: is no field of envoy.config.cluster.v3.Cluster")]
    public void Read_AnythingElse_IsAnErrorThatNamesField(string applyTo, string match, string patch, string expected)
    {
        var errors = MeshYamlReader.Read("mesh.yaml", MeshYaml.Service("orders") + Filter(applyTo, match, patch)).Errors;

        Assert.Contains(errors, error => error.ToString().StartsWith("mesh.yaml:", StringComparison.Ordinal)
            && error.ToString().Contains($"EnvoyFilter istio-system/limits: spec.configPatches[0].{expected}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SIDECAR_INBOUND")]
    [InlineData("GATEWAY")]
    public void Read_PatchOfTheReceiver_IsWarnedOfAndLeftOut(string context)
    {
        var result = MeshYamlReader.Read("mesh.yaml", MeshYaml.Service("orders") + Filter("HTTP_FILTER", $"context: {context}", $"operation: INSERT_FIRST, value: {Local}"));

        Assert.Empty(result.Errors);
        Assert.Contains($"{context} is not about calls that a client makes", Assert.Single(result.Warnings).Message, StringComparison.Ordinal);
        Assert.Empty(result.Directory.Patches);
    }

    private static Google.Protobuf.Collections.RepeatedField<HttpFilter> Filters(MeshResources mesh)
        => mesh.Find(ResourceTypes.Listener, "orders:80") is { } resource
            ? Envoy.Config.Listener.V3.Listener.Parser.ParseFrom(resource.Value).ApiListener.ApiListener_.Unpack<HttpConnectionManager>().HttpFilters
            : [];

    private static MeshResources Translate(string filter) => MeshYaml.Translate(MeshYaml.Service("orders") + """
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: orders}
        spec:
          hosts: [orders]
          http:
          - {name: first, match: [{uri: {prefix: /a}}], route: [{destination: {host: orders}}]}
          - {name: last, directResponse: {status: 418}}

        """ + filter);

    private static string Filter(string applyTo, string match, string patch, string ns = "istio-system", string spec = "", string name = "limits") => $$"""
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: EnvoyFilter
        metadata: {name: {{name}}, namespace: {{ns}}}
        spec:
          {{spec}}
          configPatches:
          - applyTo: {{applyTo}}
            match: { {{match}} }
            patch: { {{patch}} }

        """;
}
