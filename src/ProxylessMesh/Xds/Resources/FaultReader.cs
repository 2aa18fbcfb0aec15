using Envoy.Extensions.Filters.Common.Fault.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Type.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads faults to inject. There is no runtime in process: the keys that name values of it are left, and the values given with them count.</summary>
internal static class FaultReader
{
    public static FaultConfig? Read(Any config, string fingerprint, DecodeContext context)
    {
        if (!ResourceReader.TryUnpack(config, HTTPFault.Parser, context, out var fault))
        {
            return null;
        }

        return new FaultConfig
        {
            Fingerprint = fingerprint,
            Delay = fault.Delay is null ? null : ReadDelay(fault.Delay, context),
            Abort = fault.Abort is null ? null : ReadAbort(fault.Abort, context),
            ResponseRate = fault.ResponseRateLimit is null ? null : ReadRate(fault.ResponseRateLimit, context),
            ClusterName = fault.UpstreamCluster,
            Headers = HeaderMatcherReader.ReadAll(fault.Headers, context),
            DownstreamNodes = [.. fault.DownstreamNodes],
            MaxActive = fault.MaxActiveFaults,
        };
    }

    private static FaultDelayConfig? ReadDelay(FaultDelay delay, DecodeContext context)
    {
        using var scope = context.Enter("delay");
        var share = ReadShare(delay.Percentage, context);
        switch (delay.FaultDelaySecifierCase)
        {
            case FaultDelay.FaultDelaySecifierOneofCase.HeaderDelay:
                return new FaultDelayConfig(null, share);

            case FaultDelay.FaultDelaySecifierOneofCase.FixedDelay:
                return new FaultDelayConfig(DurationReader.ReadPositive(delay.FixedDelay, "fixed_delay", context), share);

            default:
                context.Error("fault_delay_secifier", "must be 'fixed_delay' or 'header_delay'");
                return null;
        }
    }

    private static FaultAbortConfig? ReadAbort(FaultAbort abort, DecodeContext context)
    {
        using var scope = context.Enter("abort");
        var share = ReadShare(abort.Percentage, context);
        switch (abort.ErrorTypeCase)
        {
            case FaultAbort.ErrorTypeOneofCase.HttpStatus:
                if (abort.HttpStatus is < 200 or >= 600)
                {
                    context.Error("http_status", $"{abort.HttpStatus} must be in [200, 600)");
                    return null;
                }

                return new FaultAbortConfig(share) { HttpStatus = (int)abort.HttpStatus };

            case FaultAbort.ErrorTypeOneofCase.GrpcStatus:
                return new FaultAbortConfig(share) { GrpcStatus = abort.GrpcStatus };

            case FaultAbort.ErrorTypeOneofCase.HeaderAbort:
                return new FaultAbortConfig(share);

            default:
                context.Error("error_type", "must be 'http_status', 'grpc_status' or 'header_abort'");
                return null;
        }
    }

    private static FaultRateConfig? ReadRate(FaultRateLimit limit, DecodeContext context)
    {
        using var scope = context.Enter("response_rate_limit");
        var share = ReadShare(limit.Percentage, context);
        switch (limit.LimitTypeCase)
        {
            case FaultRateLimit.LimitTypeOneofCase.FixedLimit:
                if (limit.FixedLimit.LimitKbps == 0)
                {
                    context.Error("fixed_limit.limit_kbps", "must be at least 1");
                }

                return new FaultRateConfig(limit.FixedLimit.LimitKbps, share);

            case FaultRateLimit.LimitTypeOneofCase.HeaderLimit:
                return new FaultRateConfig(null, share);

            default:
                context.Error("limit_type", "must be 'fixed_limit' or 'header_limit'");
                return null;
        }
    }

    /// <summary>Without a percentage a fault never happens.</summary>
    private static FractionConfig ReadShare(FractionalPercent? percentage, DecodeContext context)
        => percentage is null ? new FractionConfig(0, 100) : FractionReader.Read(percentage, "percentage", context) ?? default;
}
