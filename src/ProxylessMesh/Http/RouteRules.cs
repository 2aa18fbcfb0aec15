namespace ProxylessMesh.Http;

/// <summary>What a control plane's dialect makes of the same routes.</summary>
/// <param name="IsGrpcDialect">Whether it speaks to gRPC clients alone: <c>timeout</c> means nothing to a gRPC call then (gRFC A31).</param>
/// <param name="MayTakeEndpointHost">
/// Whether <c>auto_host_rewrite</c> acts: a control plane for gRPC clients must be named as trusted for that (<c>trusted_xds_server</c>, gRFC A81).
/// </param>
/// <param name="GeneratesRequestIds">Whether requests get an <c>x-request-id</c> where the listener says nothing of it: Envoy's do, gRPC's do not.</param>
internal sealed record RouteRules(bool IsGrpcDialect, bool MayTakeEndpointHost, bool GeneratesRequestIds);
