using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>fault</c> of a route.</summary>
internal static class FaultReader
{
    private static readonly string[] GrpcStatuses =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    public static HttpFault Read(FieldReader fault)
    {
        var result = new HttpFault(fault.Object("delay", ReadDelay), fault.Object("abort", ReadAbort));
        fault.Finish();
        if (!fault.Has("delay") && !fault.Has("abort"))
        {
            fault.Error(fault.Self, "must hold a delay or an abort");
        }

        return result;
    }

    private static FaultDelay ReadDelay(FieldReader delay)
    {
        delay.Required("fixedDelay");
        var time = DurationFieldReader.Read(delay, "fixedDelay");
        if (time < TimeSpan.FromMilliseconds(1))
        {
            delay.Error("fixedDelay", "must be at least 1ms");
        }

        var share = ShareReader.Read(delay, "percentage", "percent");
        delay.Finish("exponentialDelay");
        if (share is null)
        {
            WarnOfNever(delay, "delay");
        }

        return new FaultDelay(time ?? TimeSpan.Zero, share ?? new Share(0, IsOfMillion: false));
    }

    private static FaultAbort ReadAbort(FieldReader abort)
    {
        var http = (int?)abort.Integer("httpStatus", 200, 599);
        var grpc = ReadGrpcStatus(abort);
        var share = ShareReader.Read(abort, "percentage");
        abort.Finish("http2Error");
        if (abort.Has("httpStatus") == abort.Has("grpcStatus"))
        {
            abort.Error(abort.Self, "must hold either httpStatus or grpcStatus");
        }

        if (share is null)
        {
            WarnOfNever(abort, "abort");
        }

        return new FaultAbort(http, grpc, share);
    }

    private static int? ReadGrpcStatus(FieldReader abort)
    {
        if (abort.String("grpcStatus") is not { } name)
        {
            return null;
        }

        var status = Array.IndexOf(GrpcStatuses, name);
        if (status < 0)
        {
            abort.Error("grpcStatus", $"'{name}' is no gRPC status; write one of {string.Join(", ", GrpcStatuses)}");
        }

        return Math.Max(status, 0);
    }

    private static void WarnOfNever(FieldReader fault, string what)
        => fault.Warning("percentage", $"is missing, and then the {what} never happens; write percentage: {{value: 100}} for every request");
}
