using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

public sealed class ClusterDecoderTests
{
    private const string Eds = """ "type": "EDS", "edsClusterConfig": {"edsConfig": {"ads": {}}} """;
    private const string Balancing = ResourceJson.Type + "envoy.extensions.load_balancing_policies.";
    private const string Tls = ResourceJson.Type + "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
    private const string RawBufferType = ResourceJson.Type + "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";
    private const string TlsPath = "transport_socket.typed_config.common_tls_context";
    private const string RoundRobin = $$"""{"typedExtensionConfig": {"name": "r", "typedConfig": {"@type": "{{Balancing}}round_robin.v3.RoundRobin"} } }""";
    private const string PickFirst = $$"""{"typedExtensionConfig": {"name": "p", "typedConfig": {"@type": "{{Balancing}}pick_first.v3.PickFirst"} } }""";
    private const string LeastRequest = $$"""{"typedExtensionConfig": {"name": "l", "typedConfig": {"@type": "{{Balancing}}least_request.v3.LeastRequest", "choiceCount": 4} } }""";
    private const string Dns = """{"endpoints": [{"lbEndpoints": [{"endpoint": {"address": {"socketAddress": {"address": "db.example", "portValue": 80}}}}]}]}""";

    private readonly ClusterDecoder _decoder = new();

    [Fact]
    public void Decode_MinimalEdsCluster_HasDefaults()
    {
        var cluster = Accept(Eds);

        Assert.Equal("c", cluster.Name);
        Assert.Equal(ClusterDiscoveryType.Eds, cluster.DiscoveryType);
        Assert.Equal("c", cluster.EdsName);
        Assert.Null(cluster.InlineEndpoints);
        Assert.Same(RoundRobinConfig.Instance, cluster.LoadBalancer);
        Assert.Null(cluster.Tls);
        Assert.Empty(cluster.TransportSocketMatches);
        Assert.Equal(UpstreamProtocol.Unset, cluster.Protocol);
        Assert.Equal(TimeSpan.FromSeconds(5), cluster.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(5), cluster.DnsRefreshRate);
    }

    [Fact]
    public void Decode_ServiceName_IsTheEdsName()
        => Assert.Equal("s", Accept(""" "type": "EDS", "edsClusterConfig": {"edsConfig": {"self": {}}, "serviceName": "s"} """).EdsName);

    [Fact]
    public void Decode_Times_AreKept()
    {
        var cluster = Accept($$"""{{Eds}}, "connectTimeout": "0.250s", "dnsRefreshRate": "60s" """);

        Assert.Equal(TimeSpan.FromMilliseconds(250), cluster.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(60), cluster.DnsRefreshRate);
    }

    [Theory]
    [InlineData("STATIC", "127.0.0.1")]
    [InlineData("STRICT_DNS", "db.example")]
    [InlineData("STRICT_DNS", "127.0.0.1")]
    [InlineData("LOGICAL_DNS", "db.example")]
    public void Decode_InlineEndpoints_KeepsLocalitiesWithoutWeight(string type, string address)
    {
        var cluster = Accept($$""" "type": "{{type}}", "loadAssignment": {{Dns.Replace("db.example", address, StringComparison.Ordinal)}} """);

        var locality = Assert.Single(cluster.InlineEndpoints!.Localities);
        Assert.Equal("c", cluster.InlineEndpoints.ClusterName);
        Assert.Equal(1U, locality.Weight);
        Assert.Equal<EndpointConfig>([new EndpointConfig(EndpointAddress.Tcp(address, 80), 1)], locality.Endpoints);
        Assert.Null(cluster.EdsName);
    }

    [Fact]
    public void Decode_NoType_IsStatic()
        => Assert.Equal(ClusterDiscoveryType.Static, Accept(""" "loadAssignment": {} """).DiscoveryType);

    /// <summary>Each row: the balancing fields, and the choice count of least request, or 0 for round robin.</summary>
    public static TheoryData<string, int> Balancers() => new()
    {
        { """ "lbPolicy": "ROUND_ROBIN" """, 0 },
        { """ "lbPolicy": "LEAST_REQUEST" """, 2 },
        { """ "lbPolicy": "LEAST_REQUEST", "leastRequestLbConfig": {} """, 2 },
        { """ "lbPolicy": "LEAST_REQUEST", "leastRequestLbConfig": {"choiceCount": 2} """, 2 },
        { """ "lbPolicy": "LEAST_REQUEST", "leastRequestLbConfig": {"choiceCount": 10} """, 10 },
        { """ "lbPolicy": "LEAST_REQUEST", "leastRequestLbConfig": {"choiceCount": 11} """, 10 },
        { """ "lbPolicy": "LEAST_REQUEST", "leastRequestLbConfig": {"choiceCount": 4294967295} """, 10 },
        { $$""" "loadBalancingPolicy": {"policies": [{{PickFirst}}, {{LeastRequest}}, {{RoundRobin}}]} """, 4 },
        { $$""" "lbPolicy": "LOAD_BALANCING_POLICY_CONFIG", "loadBalancingPolicy": {"policies": [{{RoundRobin}}]} """, 0 },
        { $$""" "lbPolicy": "LEAST_REQUEST", "loadBalancingPolicy": {"policies": [{{RoundRobin}}]} """, 0 },
        { $$""" "loadBalancingPolicy": {"policies": [{{Wrr(LeastRequest)}}]} """, 4 },
        { $$""" "loadBalancingPolicy": {"policies": [{{Nested(15, RoundRobin)}}]} """, 0 },
    };

    [Theory]
    [MemberData(nameof(Balancers))]
    public void Decode_Balancing_FirstSupportedWins(string fields, int choiceCount)
    {
        LoadBalancerConfig expected = choiceCount == 0 ? RoundRobinConfig.Instance : new LeastRequestConfig(choiceCount);

        Assert.Equal(expected, Accept($"{Eds}, {fields}").LoadBalancer);
    }

    /// <summary>Each row: a transport socket, and the security asked for.</summary>
    public static TheoryData<string, bool> TransportSockets() => new()
    {
        { $$"""{"name": "any", "typedConfig": {"@type": "{{Tls}}", "commonTlsContext": {} } }""", true },
        { $$"""{"name": "any", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"} }""", false },
    };

    [Theory]
    [MemberData(nameof(TransportSockets))]
    public void Decode_TransportSocket_IsChosenByType(string socket, bool isTls)
        => Assert.Equal(isTls, Accept($$"""{{Eds}}, "transportSocket": {{socket}} """).Tls is not null);

    /// <summary>Each row: the fields of a cluster, and the HTTP version towards it.</summary>
    public static TheoryData<string, int> Protocols() => new()
    {
        { """ "http2ProtocolOptions": {} """, (int)UpstreamProtocol.Http2 },
        { """ "httpProtocolOptions": {} """, (int)UpstreamProtocol.Http1 },
        { """ "protocolSelection": "USE_DOWNSTREAM_PROTOCOL", "http2ProtocolOptions": {} """, (int)UpstreamProtocol.AsRequested },
    };

    [Theory]
    [MemberData(nameof(Protocols))]
    public void Decode_OlderProtocolFields_SayTheHttpVersion(string fields, int protocol)
        => Assert.Equal((UpstreamProtocol)protocol, Accept($"{Eds}, {fields}").Protocol);

    [Fact]
    public void Decode_TransportSocketMatches_FirstThatFitsAnEndpointDecides()
    {
        var cluster = Accept($$"""{{Eds}}, "transportSocketMatches": [{"name": "tls", "match": {"tlsMode": "istio"}, "transportSocket": {"typedConfig": {"@type": "{{Tls}}", "sni": "s", "commonTlsContext": {} } } }, {"name": "any", "match": {}, "transportSocket": {"typedConfig": {"@type": "{{RawBufferType}}"} } }] """);
        var endpoint = new EndpointConfig(EndpointAddress.Tcp("10.0.0.1", 80), 1);

        Assert.Equal("s", cluster.TlsOf(endpoint with { Labels = EndpointLabels.IstioMutualTls })!.Sni);
        Assert.Null(cluster.TlsOf(endpoint));
        Assert.Null(cluster.TlsOf(endpoint with { Labels = EndpointLabels.Of([new("tlsMode", "disabled")]) }));
    }

    [Fact]
    public void Decode_NoTransportSocketMatchFits_TheClustersOwnDecides()
    {
        var cluster = Accept($$"""{{Eds}}, "transportSocket": {"typedConfig": {"@type": "{{Tls}}", "commonTlsContext": {} } }, "transportSocketMatches": [{"match": {"a": "1"}, "transportSocket": {"typedConfig": {"@type": "{{RawBufferType}}"} } }] """);

        Assert.NotNull(cluster.TlsOf(new EndpointConfig(EndpointAddress.Tcp("10.0.0.1", 80), 1)));
    }

    /// <summary>Each row: the name of an SDS secret, and where it says that certificates come from.</summary>
    [Theory]
    [InlineData("ROOTCA", "SecretCertificates { Name = ROOTCA }")]
    [InlineData("file-root:/etc/ca.pem", "FileRoots { Path = /etc/ca.pem }")]
    [InlineData("file-root:system", "SystemRoots { }")]
    [InlineData("file-cert:/etc/a.pem~/etc/b.pem", "FileCertificate { ChainPath = /etc/a.pem, KeyPath = /etc/b.pem }")]
    public void Decode_SecretName_SaysWhereCertificatesComeFrom(string name, string expected)
        => Assert.Equal(expected, Accept(WithTls($$""" "commonTlsContext": {"validationContextSdsSecretConfig": {"name": "{{name}}"} } """)).Tls!.Roots!.ToString());

    [Fact]
    public void Decode_OriginalDestination_HasNoEndpointsOfItsOwn()
    {
        var cluster = Accept(""" "type": "ORIGINAL_DST", "lbPolicy": "CLUSTER_PROVIDED", "dnsLookupFamily": "V4_PREFERRED" """);

        Assert.Equal((ClusterDiscoveryType.OriginalDestination, DnsLookupFamily.V4Preferred), (cluster.DiscoveryType, cluster.LookupFamily));
        Assert.Null(cluster.InlineEndpoints);
    }

    [Fact]
    public void Decode_StaticWithoutEndpoints_IsABlackHole()
        => Assert.Empty(Accept(""" "type": "STATIC" """).InlineEndpoints!.Localities);

    [Fact]
    public void Decode_IstioMetadataExchange_IsAccepted()
        => Accept($$"""{{Eds}}, "filters": [{"name": "x", "typedConfig": {"@type": "{{ResourceJson.Type}}udpa.type.v1.TypedStruct", "typeUrl": "{{ResourceJson.Type}}envoy.tcp.metadataexchange.config.MetadataExchange"} }] """);

    /// <summary>Each row: the fields of a cluster named <c>c</c>, and the errors.</summary>
    public static TheoryData<string, string[]> Rejected() => new()
    {
        { """ "type": "ORIGINAL_DST" """, ["lb_policy: RoundRobin is not supported for a cluster of type ORIGINAL_DST"] },
        { """ "type": "ORIGINAL_DST", "lbPolicy": "CLUSTER_PROVIDED", "originalDstLbConfig": {"useHttpHeader": true} """, ["original_dst_lb_config: is not supported"] },
        { """ "type": 9 """, ["type: 9 is not supported"] },
        { $$"""{{Eds}}, "typedExtensionProtocolOptions": {"x": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } """, [$"typed_extension_protocol_options[\"x\"]: the type '{ResourceJson.Type}envoy.type.v3.Percent' is not supported"] },
        { $$"""{{Eds}}, "typedDnsResolverConfig": {"name": "x", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } """, [$"typed_dns_resolver_config.typed_config: the resolver type '{ResourceJson.Type}envoy.type.v3.Percent' is not supported"] },
        { $$"""{{Eds}}, "dnsLookupFamily": 9 """, ["dns_lookup_family: 9 is not supported"] },
        { WithTls(""" "commonTlsContext": {"tlsCertificates": [{"privateKey": {"inlineString": "secret"} }] } """), [$"{TlsPath}.tls_certificates[0]: must be given as two files"] },
        { WithTls(""" "commonTlsContext": {"validationContextSdsSecretConfig": {"name": "file-cert:a"} } """), [$"{TlsPath}.validation_context_sds_secret_config.name: 'file-cert:a' must be"] },
        { """ "clusterType": {"name": "envoy.clusters.aggregate"} """, ["cluster_type: '' is not supported"] },
        { """ "type": "EDS" """, ["eds_cluster_config.eds_config: must be 'ads' or 'self'"] },
        { """ "type": "EDS", "edsClusterConfig": {"edsConfig": {"apiConfigSource": {}}} """, ["eds_cluster_config.eds_config: must be 'ads' or 'self'"] },
        { """ "type": "STRICT_DNS" """, ["load_assignment: must be set"] },
        { """ "type": "LOGICAL_DNS", "loadAssignment": {} """, ["load_assignment.endpoints: a LOGICAL_DNS cluster must have exactly one"] },
        { """ "type": "LOGICAL_DNS", "loadAssignment": {"endpoints": [{}]} """, ["load_assignment.endpoints: a LOGICAL_DNS cluster must have exactly one"] },
        { """ "type": "LOGICAL_DNS", "loadAssignment": {"endpoints": [{"lbEndpoints": [{"endpoint": {"address": {"pipe": {"path": "a"}}}}]}, {}]} """, ["load_assignment.endpoints: a LOGICAL_DNS cluster must have exactly one"] },
        { $$""" "type": "STATIC", "loadAssignment": {{Dns}} """, ["load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: 'db.example' must be an IP address"] },
        { """ "type": "STRICT_DNS", "loadAssignment": {"endpoints": [{"lbEndpoints": [{"endpoint": {"address": {"socketAddress": {"address": "a b", "portValue": 1}}}}]}]} """, ["load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: 'a b' must be an IP address or a DNS name"] },
        { $$"""{{Eds}}, "lbPolicy": "CLUSTER_PROVIDED" """, ["lb_policy: ClusterProvided is not supported"] },
        { $$"""{{Eds}}, "lbPolicy": "LOAD_BALANCING_POLICY_CONFIG" """, ["lb_policy: LoadBalancingPolicyConfig is not supported"] },
        { $$"""{{Eds}}, "lbPolicy": "LEAST_REQUEST", "leastRequestLbConfig": {"choiceCount": 1} """, ["least_request_lb_config.choice_count: 1 must be at least 2"] },
        { $$"""{{Eds}}, "lbSubsetConfig": {"subsetSelectors": [{"keys": ["v"]}]} """, ["lb_subset_config: endpoint subsets are not supported"] },
        { $$"""{{Eds}}, "loadBalancingPolicy": {} """, ["load_balancing_policy.policies: none of them is supported"] },
        { $$"""{{Eds}}, "loadBalancingPolicy": {"policies": [{}, {{PickFirst}}]} """, ["load_balancing_policy.policies: none of them is supported"] },
        { $$"""{{Eds}}, "loadBalancingPolicy": {"policies": [{{LeastRequest.Replace("4", "0", StringComparison.Ordinal)}}]} """, ["load_balancing_policy.policies[0].typed_extension_config.typed_config.choice_count: 0 must be at least 2"] },
        { $$"""{{Eds}}, "loadBalancingPolicy": {"policies": [{{Wrr(PickFirst)}}]} """, ["load_balancing_policy.policies[0].typed_extension_config.typed_config.endpoint_picking_policy.policies: none of them"] },
        { $$"""{{Eds}}, "loadBalancingPolicy": {"policies": [{"typedExtensionConfig": {"typedConfig": {"@type": "{{Balancing}}wrr_locality.v3.WrrLocality"} } }]} """, ["load_balancing_policy.policies[0].typed_extension_config.typed_config.endpoint_picking_policy: must be set"] },
        { $$"""{{Eds}}, "transportSocketMatches": [{"name": "m"}] """, ["transport_socket_matches[0].transport_socket: must be set"] },
        { $$"""{{Eds}}, "transportSocketMatches": [{"match": {"a": true}, "transportSocket": {"typedConfig": {"@type": "{{RawBufferType}}"} } }] """, ["transport_socket_matches[0].match.fields[\"a\"]: must be a string"] },
        { $$"""{{Eds}}, "transportSocketMatches": [{"transportSocket": {"typedConfig": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } }] """, [$"transport_socket_matches[0].transport_socket.typed_config: the transport socket type '{ResourceJson.Type}envoy.type.v3.Percent' is not supported"] },
        { $$"""{{Eds}}, "transportSocketMatcher": {} """, ["transport_socket_matcher: is not supported"] },
        { $$"""{{Eds}}, "transportSocket": {"name": "envoy.transport_sockets.raw_buffer"} """, ["transport_socket.typed_config: the transport socket type '' is not supported"] },
        { $$"""{{Eds}}, "transportSocket": {"name": "envoy.transport_sockets.tls", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } """, [$"transport_socket.typed_config: the transport socket type '{ResourceJson.Type}envoy.type.v3.Percent' is not supported"] },
        { WithTls(""), ["transport_socket.typed_config.common_tls_context: must be set"] },
        { WithTls(""" "commonTlsContext": {"customTlsCertificateSelector": {"name": "x"}} """), [$"{TlsPath}.custom_tls_certificate_selector: is not supported"] },
        { WithValidation(""" "verifyCertificateSpki": ["x"] """), [$"{TlsPath}.validation_context.verify_certificate_spki: is a check that is not supported"] },
        { WithValidation(""" "verifyCertificateHash": ["x"] """), [$"{TlsPath}.validation_context.verify_certificate_hash: is a check that is not supported"] },
        { WithValidation(""" "requireSignedCertificateTimestamp": true """), [$"{TlsPath}.validation_context.require_signed_certificate_timestamp: is a check that is not supported"] },
        { WithValidation(""" "crl": {} """), [$"{TlsPath}.validation_context.crl: is a check that is not supported"] },
        { WithValidation(""" "customValidatorConfig": {} """), [$"{TlsPath}.validation_context.custom_validator_config: is a check that is not supported"] },
        { WithValidation(""" "matchTypedSubjectAltNames": [{}] """), [$"{TlsPath}.validation_context.match_typed_subject_alt_names: is a check that is not supported"] },
        { WithValidation(""" "matchSubjectAltNames": [{"prefix": ""}, {"suffix": ""}, {"contains": ""}, {}] """), [$"{TlsPath}.validation_context.match_subject_alt_names[0].prefix: must not be empty", $"{TlsPath}.validation_context.match_subject_alt_names[1].suffix", $"{TlsPath}.validation_context.match_subject_alt_names[2].contains", $"{TlsPath}.validation_context.match_subject_alt_names[3].match_pattern"] },
        { WithTls(""" "commonTlsContext": {"combinedValidationContext": {"defaultValidationContext": {"crl": {}}}} """), [$"{TlsPath}.combined_validation_context.default_validation_context.crl: is a check"] },
        { $$"""{{Eds}}, "connectTimeout": "0s" """, ["connect_timeout: must be greater than 0"] },
        { $$"""{{Eds}}, "connectTimeout": "-1s" """, ["connect_timeout: -1 s"] },
        { $$"""{{Eds}}, "dnsRefreshRate": "0s" """, ["dns_refresh_rate: must be greater than 0"] },
        { $$"""{{Eds}}, "outlierDetection": {"maxEjectionPercent": 101, "enforcingSuccessRate": 101, "enforcingFailurePercentage": 101, "failurePercentageThreshold": 101} """, ["outlier_detection.max_ejection_percent: 101 must not exceed 100", "outlier_detection.enforcing_success_rate: 101", "outlier_detection.enforcing_failure_percentage: 101", "outlier_detection.failure_percentage_threshold: 101"] },
        { $$"""{{Eds}}, "outlierDetection": {"enforcingConsecutive5xx": 101, "enforcingConsecutiveGatewayFailure": 101, "enforcingConsecutiveLocalOriginFailure": 101, "enforcingLocalOriginSuccessRate": 101, "enforcingFailurePercentageLocalOrigin": 101} """, ["outlier_detection.enforcing_consecutive_5xx: 101", "outlier_detection.enforcing_consecutive_gateway_failure: 101", "outlier_detection.enforcing_consecutive_local_origin_failure: 101", "outlier_detection.enforcing_local_origin_success_rate: 101", "outlier_detection.enforcing_failure_percentage_local_origin: 101"] },
        { $$"""{{Eds}}, "outlierDetection": {"interval": "-1s", "baseEjectionTime": "-1s", "maxEjectionTime": "-1s"} """, ["outlier_detection.interval: -1 s", "outlier_detection.base_ejection_time: -1 s", "outlier_detection.max_ejection_time: -1 s"] },
        { $$"""{{Eds}}, "lrsServer": {"ads": {} } """, ["lrs_server: must be 'self'"] },
        { $$"""{{Eds}}, "filters": [{"name": "x"}] """, ["filters[0].typed_config: the network filter type '' is not supported"] },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_BrokenRule_IsRejectedWithPathAndRule(string fields, string[] errors)
        => Rejections.AssertErrors(errors, Decode(fields));

    [Fact]
    public void Decode_XdstpNameWithoutServiceName_IsRejected()
        => Rejections.AssertErrors(
            ["eds_cluster_config.service_name: must be set: an xdstp name says its type"],
            _decoder.Decode(Cluster($$"""{"name": "xdstp://a/envoy.config.cluster.v3.Cluster/c", {{Eds}} }""")));

    [Fact]
    public void Decode_NoName_IsRejected()
        => Rejections.AssertErrors(["name: must not be empty"], _decoder.Decode(Cluster($$"""{ {{Eds}} }""")));

    [Fact]
    public void Decode_PoliciesNestedTooDeep_IsRejected()
    {
        var result = Decode($$"""{{Eds}}, "loadBalancingPolicy": {"policies": [{{Nested(16, RoundRobin)}}]} """);

        Assert.False(result.IsAccepted);
        Assert.EndsWith("is nested more than 16 deep (gRFC A52)", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "circuitBreakers": {"thresholds": [{"maxRequests": 1}]} """, "circuit_breakers.thresholds[0]: circuit breakers other than those of retries")]
    [InlineData(""" "circuitBreakers": {"perHostThresholds": [{}]} """, "circuit_breakers.per_host_thresholds: circuit breakers other than those of retries")]
    [InlineData(""" "outlierDetection": {} """, "outlier_detection: ejections of outliers")]
    [InlineData(""" "healthChecks": [{}] """, "health_checks: active health checks")]
    [InlineData(""" "lrsServer": {"self": {}} """, "lrs_server: load reports")]
    [InlineData(""" "upstreamBindConfig": {} """, "upstream_bind_config: local addresses")]
    [InlineData(""" "commonLbConfig": {"healthyPanicThreshold": {"value": 1}} """, "common_lb_config: common balancing options")]
    [InlineData(""" "roundRobinLbConfig": {"slowStartConfig": {}} """, "round_robin_lb_config.slow_start_config: slow starts")]
    public void Decode_FieldWithoutEffect_IsAcceptedWithWarning(string field, string warning)
    {
        var result = Decode($"{Eds}, {field}");

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal([$"{warning} have no effect in this version"], result.Warnings);
    }

    private static string Wrr(string policy)
        => $$"""{"typedExtensionConfig": {"name": "w", "typedConfig": {"@type": "{{Balancing}}wrr_locality.v3.WrrLocality", "endpointPickingPolicy": {"policies": [{{policy}}]} } } }""";

    private static string Nested(int times, string policy) => times == 0 ? policy : Wrr(Nested(times - 1, policy));

    private static string WithTls(string fields)
        => $$"""{{Eds}}, "transportSocket": {"name": "t", "typedConfig": {"@type": "{{Tls}}"{{(fields.Length > 0 ? ", " : "")}}{{fields}} } } """;

    private static string WithValidation(string fields) => WithTls($$""" "commonTlsContext": {"validationContext": { {{fields}} } } """);

    private DecodeResult<ClusterConfig> Decode(string fields) => _decoder.Decode(Cluster($$"""{"name": "c", {{fields}} }"""));

    private ClusterConfig Accept(string fields)
    {
        var result = Decode(fields);
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return result.Resource!;
    }
}
