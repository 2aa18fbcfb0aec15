using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>Why a request could not be sent: a value on the request road, an exception or a gRPC status at the caller's edge.</summary>
internal sealed record MeshFailure(MeshFailureReason Reason, string Message, Exception? InnerException = null)
{
    private const string Unavailable = "14";
    private const string DeadlineExceeded = "4";

    /// <summary>What a gRPC caller gets.</summary>
    public string GrpcStatus { get; private init; } = Unavailable;

    /// <summary>The failure in Envoy's short names; empty where it has none.</summary>
    public string Flags { get; init; } = Reason switch
    {
        MeshFailureReason.NoRoute or MeshFailureReason.UnsupportedRoute or MeshFailureReason.NoListener => ResponseFlags.NoRoute,
        MeshFailureReason.ClusterUnavailable => ResponseFlags.NoCluster,
        MeshFailureReason.NoHealthyEndpoint => ResponseFlags.NoHealthyUpstream,
        MeshFailureReason.ConnectFailure => ResponseFlags.UpstreamConnectionFailure,
        MeshFailureReason.Timeout => ResponseFlags.UpstreamRequestTimeout,
        MeshFailureReason.RequestRefused => ResponseFlags.UpstreamRemoteReset,
        MeshFailureReason.ConnectionReset => ResponseFlags.UpstreamConnectionTermination,
        MeshFailureReason.IdleTimeout => ResponseFlags.StreamIdleTimeout,
        _ => "",
    };

    /// <summary>The failure in Envoy's words.</summary>
    public string Details { get; init; } = Reason switch
    {
        MeshFailureReason.NoRoute or MeshFailureReason.UnsupportedRoute or MeshFailureReason.NoListener => ResponseDetails.RouteNotFound,
        MeshFailureReason.ClusterUnavailable => ResponseDetails.ClusterNotFound,
        MeshFailureReason.NoHealthyEndpoint => ResponseDetails.NoHealthyUpstream,
        MeshFailureReason.ConnectFailure => FailureWords.ConnectFailure(InnerException),
        MeshFailureReason.Timeout => ResponseDetails.ResponseTimeout,
        MeshFailureReason.RequestRefused => ResponseDetails.ResetBeforeResponse("remote_refused_stream_reset"),
        MeshFailureReason.ConnectionReset => ResponseDetails.ResetBeforeResponse("connection_termination"),
        MeshFailureReason.IdleTimeout => ResponseDetails.StreamIdleTimeout,
        _ => "",
    };

    /// <summary>A request's time is over. The limit of a stream is gRPC's deadline; the route's timeout is a proxy's 504 (Envoy).</summary>
    public static MeshFailure Timeout(RequestDeadline deadline, string route, string stage) => deadline.IsIdle ? Idle(deadline, route, stage) : new(
        MeshFailureReason.Timeout,
        string.Create(CultureInfo.InvariantCulture, $"route '{route}' allows {deadline.Limit.TotalSeconds:0.###} s ({(deadline.IsStreamLimit ? "max_stream_duration" : "timeout")}), and they are over{stage}"))
    {
        GrpcStatus = deadline.IsStreamLimit ? DeadlineExceeded : Unavailable,

        // A stream's limit has details and no flag, as observed of Envoy.
        Flags = deadline.IsStreamLimit ? "" : ResponseFlags.UpstreamRequestTimeout,
        Details = deadline.IsStreamLimit ? ResponseDetails.MaxDurationTimeout : ResponseDetails.ResponseTimeout,
    };

    private static MeshFailure Idle(RequestDeadline deadline, string route, string stage) => new(
        MeshFailureReason.IdleTimeout,
        string.Create(CultureInfo.InvariantCulture, $"nothing came or went for {deadline.Limit.TotalSeconds:0.###} s{stage}, and route '{route}' or its listener allows no more (idle_timeout, stream_idle_timeout)"));

    /// <summary>The time of one try is over.</summary>
    public static MeshFailure TryTimeout(TimeSpan limit, bool isIdle) => new(
        isIdle ? MeshFailureReason.IdleTimeout : MeshFailureReason.Timeout,
        string.Create(CultureInfo.InvariantCulture, $"the route allows a try {limit.TotalSeconds:0.###} s ({(isIdle ? "per_try_idle_timeout" : "per_try_timeout")}), and they are over before a response"))
    {
        Details = isIdle ? ResponseDetails.PerTryIdleTimeout : ResponseDetails.PerTryTimeout,
    };

    /// <summary>The last endpoint that was tried refused the connection, or the request, or broke off.</summary>
    public static MeshFailure Broken(string cluster, EndpointAddress endpoint, HttpRequestException exception, TryReset reset)
    {
        var failure = reset switch
        {
            _ when exception.InnerException is RequestSpentException or EndpointConnectException
                => new MeshFailure(reset == TryReset.ConnectFailure ? MeshFailureReason.ConnectFailure : MeshFailureReason.RequestRefused, $"cluster '{cluster}': {exception.InnerException.Message}", exception),
            TryReset.Refused => new MeshFailure(MeshFailureReason.RequestRefused, $"cluster '{cluster}': endpoint {endpoint} refused the request: {exception.InnerException?.Message}", exception),
            TryReset.ProtocolError => new MeshFailure(MeshFailureReason.ConnectionReset, $"cluster '{cluster}': endpoint {endpoint} answered with what is no HTTP: {exception.Message}", exception) { Flags = ResponseFlags.UpstreamProtocolError },
            _ => new MeshFailure(MeshFailureReason.ConnectionReset, $"cluster '{cluster}': the connection to endpoint {endpoint} ended before a response: {exception.Message}", exception)
            {
                Flags = AttemptFailure.Find<HttpProtocolException>(exception) is null ? ResponseFlags.UpstreamConnectionTermination : ResponseFlags.UpstreamRemoteReset,
            },
        };
        return failure with { Details = reset == TryReset.ConnectFailure ? FailureWords.ConnectFailure(exception) : ResponseDetails.ResetBeforeResponse(AttemptFailure.ReasonOf(reset, exception)) };
    }

    /// <summary>
    /// Hands the failure to the caller in its own language: an <see cref="MeshRequestException"/>, or for a gRPC call a
    /// Trailers-Only response, which its client turns into an RpcException with this status and text.
    /// </summary>
    public Task<HttpResponseMessage> ToCallerAsync(HttpRequestMessage request)
    {
        if (!GrpcMessage.IsGrpc(request))
        {
            return Task.FromException<HttpResponseMessage>(ToException());
        }

        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            RequestMessage = request,
            Version = HttpVersion.Version20,
            Content = new ByteArrayContent([]),
        };
        response.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        AddGrpcStatus(response.Headers);
        return Task.FromResult(response);
    }

    /// <param name="cause">What the failure showed by, where it is not <see cref="InnerException"/>.</param>
    public MeshRequestException ToException(Exception? cause = null) => new(Reason, Message, cause ?? InnerException) { ResponseFlags = Flags, ResponseDetails = Details };

    /// <summary>Ends a gRPC call, in a response's headers or trailers.</summary>
    public void AddGrpcStatus(HttpHeaders headers)
    {
        headers.TryAddWithoutValidation("grpc-status", GrpcStatus);
        headers.TryAddWithoutValidation("grpc-message", Uri.EscapeDataString(Message));
    }
}
