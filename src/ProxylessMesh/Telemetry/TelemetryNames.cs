using System.Globalization;

namespace ProxylessMesh.Telemetry;

/// <summary>
/// Every name that telemetry shows to others: instruments and attributes. Those of gRFC A66, A78 and A89 and of OpenTelemetry's
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

    /// <summary>The authority of names that name none, which are all that the mesh asks for.</summary>
    public const string XdsOldStyleAuthority = "#old";

    // gRPC calls: gRFC A66, and A89 for the backend service.
    public const string GrpcAttemptStarted = "grpc.client.attempt.started";
    public const string GrpcAttemptDuration = "grpc.client.attempt.duration";
    public const string GrpcMethod = "grpc.method";
    public const string GrpcTarget = "grpc.target";
    public const string GrpcStatus = "grpc.status";
    public const string GrpcBackendService = "grpc.lb.backend_service";

    // HTTP requests: OpenTelemetry's attributes. Its http.client.request.duration is System.Net.Http's, which ends at the headers.
    public const string HttpAttemptDuration = "mesh.client.attempt.duration";
    public const string Failures = "mesh.client.failures";
    public const string Cluster = "mesh.cluster";
    public const string HttpMethod = "http.request.method";
    public const string HttpStatusCode = "http.response.status_code";
    public const string ServerAddress = "server.address";
    public const string ErrorType = "error.type";

    private static readonly string[] GrpcStatuses =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>The value of <see cref="ErrorType"/> for a request that the mesh could not send.</summary>
    public static string Of(MeshFailureReason reason) => reason switch
    {
        MeshFailureReason.NoListener => "no_listener",
        MeshFailureReason.NoRoute => "no_route",
        MeshFailureReason.UnsupportedRoute => "unsupported_route",
        MeshFailureReason.ClusterUnavailable => "cluster_unavailable",
        MeshFailureReason.NoHealthyEndpoint => "no_healthy_endpoint",
        MeshFailureReason.ConnectFailure => "connect_failure",
        MeshFailureReason.RequestRefused => "request_refused",
        _ => "_OTHER",
    };

    /// <summary>The value of <see cref="ErrorType"/> for an HTTP status of 400 or more.</summary>
    public static string Of(int statusCode) => statusCode.ToString(CultureInfo.InvariantCulture);

    /// <summary>The value of <see cref="GrpcStatus"/> for the number on the wire; UNKNOWN for what is none of gRPC's.</summary>
    public static string OfGrpcStatus(string number)
        => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status < GrpcStatuses.Length ? GrpcStatuses[status] : GrpcStatuses[2];

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
