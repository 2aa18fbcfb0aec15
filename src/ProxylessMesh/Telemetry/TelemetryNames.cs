using System.Globalization;

namespace ProxylessMesh.Telemetry;

/// <summary>
/// Every name that telemetry shows to others: instruments and attributes. Those of gRFC A66, A72, A78 and A89 and of OpenTelemetry's
/// semantic conventions where there are any; the mesh's own begin with <c>mesh.</c>.
/// </summary>
internal static class TelemetryNames
{
    // The xDS client: gRFC A78.
    public const string XdsConnected = "grpc.xds_client.connected";
    public const string XdsServerFailure = "grpc.xds_client.server_failure";
    public const string XdsUpdatesValid = "grpc.xds_client.resource_updates_valid";
    public const string XdsUpdatesInvalid = "grpc.xds_client.resource_updates_invalid";
    public const string XdsResources = "grpc.xds_client.resources";
    public const string XdsServer = "grpc.xds.server";
    public const string XdsAuthority = "grpc.xds.authority";
    public const string XdsResourceType = "grpc.xds.resource_type";
    public const string XdsCacheState = "grpc.xds.cache_state";

    /// <summary>The authority of names that name none.</summary>
    public const string XdsOldStyleAuthority = "#old";

    // gRPC calls: gRFC A66, A89 for the backend service and A78 for the locality.
    public const string GrpcAttemptStarted = "grpc.client.attempt.started";
    public const string GrpcAttemptDuration = "grpc.client.attempt.duration";
    public const string GrpcCallDuration = "grpc.client.call.duration";
    public const string GrpcMethod = "grpc.method";
    public const string GrpcTarget = "grpc.target";
    public const string GrpcStatus = "grpc.status";
    public const string GrpcBackendService = "grpc.lb.backend_service";
    public const string GrpcLocality = "grpc.lb.locality";

    // HTTP requests: OpenTelemetry's attributes. Its http.client.request.duration is System.Net.Http's, which ends at the headers.
    public const string HttpAttemptDuration = "mesh.client.attempt.duration";
    public const string Failures = "mesh.client.failures";
    public const string Mirrored = "mesh.client.mirrored";
    public const string MirrorOutcome = "mesh.mirror.outcome";
    public const string Retries = "mesh.client.retries";
    public const string RetryReason = "mesh.retry.reason";
    public const string RetryOutcome = "mesh.retry.outcome";
    public const string Cluster = "mesh.cluster";

    /// <summary>Envoy's short names for what became of a request.</summary>
    public const string ResponseFlags = "mesh.response_flags";

    /// <summary>Envoy's words for why.</summary>
    public const string ResponseDetails = "mesh.response_code_details";

    // Limited requests.
    public const string LocalRateLimits = "mesh.client.local_rate_limit.requests";
    public const string RateLimits = "mesh.client.rate_limit.requests";
    public const string RateLimitName = "mesh.rate_limit.name";
    public const string RateLimitOutcome = "mesh.rate_limit.outcome";
    public const string RateLimitOk = "ok";
    public const string RateLimitOver = "over_limit";
    public const string RateLimitUnenforced = "not_enforced";
    public const string RateLimitError = "error";
    public const string RateLimitErrorAllowed = "error_allowed";

    // Injected faults.
    public const string Faults = "mesh.client.faults";
    public const string ActiveFaults = "mesh.client.active_faults";
    public const string FaultKind = "mesh.fault.kind";
    public const string FaultDelay = "delay";
    public const string FaultAbort = "abort";
    public const string FaultRateLimit = "response_rate_limit";
    public const string HttpMethod = "http.request.method";
    public const string HttpStatusCode = "http.response.status_code";
    public const string ServerAddress = "server.address";
    public const string ErrorType = "error.type";

    // Spans: OpenTelemetry's attributes of HTTP and RPC clients, and gRFC A72's of attempts.
    public const string ServerPort = "server.port";
    public const string UrlFull = "url.full";
    public const string PeerAddress = "network.peer.address";
    public const string PeerPort = "network.peer.port";
    public const string ResendCount = "http.request.resend_count";
    public const string RpcSystem = "rpc.system";
    public const string RpcService = "rpc.service";
    public const string RpcMethod = "rpc.method";
    public const string RpcStatusCode = "rpc.grpc.status_code";
    public const string PreviousAttempts = "previous-rpc-attempts";
    public const string TransparentRetry = "transparent-retry";

    /// <summary>The value of <see cref="HttpMethod"/> for a method that is none of HTTP's.</summary>
    public const string OtherMethod = "_OTHER";

    private const int UnknownGrpcStatus = 2;

    private static readonly string[] GrpcStatuses =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>The value of <see cref="MirrorOutcome"/>.</summary>
    public static string Of(MirrorOutcome outcome) => outcome switch
    {
        Telemetry.MirrorOutcome.Sent => "sent",
        Telemetry.MirrorOutcome.Dropped => "dropped",
        _ => "failed",
    };

    /// <summary>The value of <see cref="ErrorType"/> for a request that the mesh could not send.</summary>
    public static string Of(MeshFailureReason reason) => reason switch
    {
        MeshFailureReason.NoListener => "no_listener",
        MeshFailureReason.NoRoute => "no_route",
        MeshFailureReason.UnsupportedRoute => "unsupported_route",
        MeshFailureReason.ClusterUnavailable => "cluster_unavailable",
        MeshFailureReason.ConnectionReset => "connection_reset",
        MeshFailureReason.IdleTimeout => "idle_timeout",
        MeshFailureReason.NoHealthyEndpoint => "no_healthy_endpoint",
        MeshFailureReason.ConnectFailure => "connect_failure",
        MeshFailureReason.Timeout => "timeout",
        MeshFailureReason.RequestRefused => "request_refused",
        _ => "_OTHER",
    };

    /// <summary>The value of <see cref="ErrorType"/> for an HTTP status of 400 or more.</summary>
    public static string Of(int statusCode) => statusCode.ToString(CultureInfo.InvariantCulture);

    /// <summary>The value of <see cref="HttpMethod"/>: an unknown method must not become a time series of its own.</summary>
    public static string KnownMethod(string method)
        => method is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" or "TRACE" or "CONNECT" or "QUERY" ? method : OtherMethod;

    /// <summary>The number of a gRPC status as it stands on the wire; UNKNOWN's for what is none of gRPC's.</summary>
    public static int ParseGrpcStatus(string number)
        => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status < GrpcStatuses.Length ? status : UnknownGrpcStatus;

    /// <summary>The value of <see cref="GrpcStatus"/> for a number of <see cref="ParseGrpcStatus"/>.</summary>
    public static string OfGrpcStatus(int status) => GrpcStatuses[status];

    /// <summary>The value of <see cref="XdsCacheState"/> (gRFC A78, with A88's further states).</summary>
    public static string Of(MeshResourceState state, bool isCached) => (state, isCached) switch
    {
        (MeshResourceState.Acked, _) => "acked",
        (MeshResourceState.DoesNotExist, false) => "does_not_exist",
        (MeshResourceState.DoesNotExist, true) => "does_not_exist_but_cached",
        (MeshResourceState.Nacked, false) => "nacked",
        (MeshResourceState.Nacked, true) => "nacked_but_cached",
        (MeshResourceState.ReceivedError, false) => "received_error",
        (MeshResourceState.ReceivedError, true) => "received_error_but_cached",
        (MeshResourceState.Timeout, _) => "timeout",
        _ => "requested",
    };
}
