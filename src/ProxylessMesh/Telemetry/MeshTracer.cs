using System.Diagnostics;

namespace ProxylessMesh.Telemetry;

/// <summary>
/// The spans of requests: one for each call, and in it one for each attempt. Names and attributes of gRFC A72 for gRPC calls, of OpenTelemetry's
/// semantic conventions for HTTP and RPC clients otherwise. With nobody listening, one asks <see cref="IsEnabled"/> and does no more.
/// </summary>
internal static class MeshTracer
{
    /// <summary>One for the process, as is usual for sources: a listener chooses it by its name.</summary>
    public static readonly ActivitySource Source = new(MeshTelemetry.ActivitySourceName, MeshTelemetry.Version);

    /// <summary>Whether anybody listens to spans.</summary>
    public static bool IsEnabled => Source.HasListeners();

    /// <summary>Begins the span of a call, as a child of what goes on.</summary>
    /// <param name="request">What is asked for.</param>
    /// <returns><see langword="null"/> when nobody wants this one.</returns>
    public static Activity? StartCall(in RequestDescription request) => request.IsGrpc
        ? Start($"Sent.{request.Method.Replace('/', '.')}", in request)
        : Start(request.Method == TelemetryNames.OtherMethod ? "HTTP" : request.Method, in request);

    /// <summary>Begins the span of an attempt, as a child of its call's.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="previousAttempts">How many attempts of the call went before.</param>
    /// <param name="cluster">Where it goes.</param>
    /// <returns><see langword="null"/> when nobody wants this one.</returns>
    public static Activity? StartAttempt(in RequestDescription request, int previousAttempts, string cluster)
    {
        var span = request.IsGrpc
            ? Start($"Attempt.{request.Method.Replace('/', '.')}", in request)
            : Start(request.Method == TelemetryNames.OtherMethod ? "HTTP attempt" : $"{request.Method} attempt", in request);
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }

        span.SetTag(TelemetryNames.Cluster, cluster);
        if (request.IsGrpc)
        {
            span.SetTag(TelemetryNames.PreviousAttempts, previousAttempts);
            span.SetTag(TelemetryNames.TransparentRetry, false);
        }
        else if (previousAttempts > 0)
        {
            span.SetTag(TelemetryNames.ResendCount, previousAttempts);
        }

        return span;
    }

    /// <summary>Says where an attempt went.</summary>
    /// <param name="span">The attempt's.</param>
    /// <param name="address">An IP address, a host name or the path of a socket.</param>
    /// <param name="port">0 for a socket.</param>
    /// <param name="locality">The endpoint's; empty when it is not known.</param>
    public static void SetPeer(Activity span, string address, int port, string locality)
    {
        // Before, the attempt may have gone to an endpoint elsewhere that refused it.
        span.SetTag(TelemetryNames.GrpcLocality, locality.Length > 0 ? locality : null);
        span.SetTag(TelemetryNames.PeerAddress, address);
        if (port > 0)
        {
            span.SetTag(TelemetryNames.PeerPort, port);
        }
    }

    /// <summary>Says why a call failed in the mesh, as a proxy's access log would.</summary>
    public static void SetFailure(Activity span, string flags, string details)
    {
        if (flags.Length > 0)
        {
            span.SetTag(TelemetryNames.ResponseFlags, flags);
        }

        span.SetTag(TelemetryNames.ResponseDetails, details);
    }

    /// <summary>Ends the span of a gRPC call or attempt.</summary>
    public static void StopGrpc(Activity span, int status, string? error)
    {
        if (span.IsAllDataRequested)
        {
            span.SetTag(TelemetryNames.RpcStatusCode, status);
            if (status != 0)
            {
                span.SetTag(TelemetryNames.ErrorType, error ?? TelemetryNames.OfGrpcStatus(status));
                span.SetStatus(ActivityStatusCode.Error, TelemetryNames.OfGrpcStatus(status));
            }
        }

        Stop(span);
    }

    /// <summary>Ends the span of an HTTP request or attempt.</summary>
    public static void StopHttp(Activity span, int? status, string? error)
    {
        if (span.IsAllDataRequested)
        {
            if (status is { } code)
            {
                span.SetTag(TelemetryNames.HttpStatusCode, code);
            }

            if (error is not null)
            {
                span.SetTag(TelemetryNames.ErrorType, error);
                span.SetStatus(ActivityStatusCode.Error);
            }
        }

        Stop(span);
    }

    /// <summary>A query may hold what is nobody's business; System.Net.Http writes it likewise.</summary>
    public static string WithoutSecrets(Uri uri)
    {
        var start = uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        return uri.Query.Length == 0 ? start : $"{start}?*";
    }

    private static Activity? Start(string name, in RequestDescription request)
    {
        var span = Source.StartActivity(name, ActivityKind.Client);
        if (span is not { IsAllDataRequested: true })
        {
            return span;
        }

        var uri = request.Uri;
        if (request.IsGrpc)
        {
            var slash = request.Method.LastIndexOf('/');
            span.SetTag(TelemetryNames.RpcSystem, "grpc");
            span.SetTag(TelemetryNames.RpcService, slash < 0 ? "" : request.Method[..slash]);
            span.SetTag(TelemetryNames.RpcMethod, request.Method[(slash + 1)..]);
        }
        else
        {
            span.SetTag(TelemetryNames.HttpMethod, request.Method);
            span.SetTag(TelemetryNames.UrlFull, WithoutSecrets(uri));
        }

        span.SetTag(TelemetryNames.ServerAddress, uri.Host);
        span.SetTag(TelemetryNames.ServerPort, uri.Port);
        return span;
    }

    /// <summary>A body often ends in the midst of something else, whose span must stay the current one.</summary>
    private static void Stop(Activity span)
    {
        var current = Activity.Current;
        span.Stop();
        if (!ReferenceEquals(current, span))
        {
            Activity.Current = current;
        }
    }
}
