using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>
/// Injects faults (Envoy's fault filter, gRFC A33). Whether a request is delayed, aborted and its response slowed down is drawn for each by itself.
/// What a fixed fault says is not changed by headers; where headers say what to do, they may also ask for a smaller share.
/// </summary>
internal sealed class FaultFilter : HttpFilter
{
    private const int MinHttpStatus = 200;
    private const int MaxHttpStatus = 599;

    private readonly string _name;
    private readonly FaultConfig _config;
    private readonly FilterEnvironment _environment;

    private FaultFilter(string name, FaultConfig config, FilterEnvironment environment)
    {
        _name = name;
        _config = config;
        _environment = environment;
    }

    /// <returns><see langword="null"/> where there are no faults to inject.</returns>
    public static FaultFilter? Create(FilterSetup setup, FilterEnvironment environment)
        => setup.Find<FaultConfig>() is { HasFaults: true } config ? new FaultFilter(setup.Filter.Name, config, environment) : null;

    public override FilterAction? Begin(in FilterRequest request)
    {
        var headers = request.Headers;
        if (!Concerns(in request, in headers))
        {
            return null;
        }

        // 1. What happens to this request.
        var delay = DelayOf(in headers);
        var abort = AbortOf(in headers);
        var rate = RateOf(in headers);
        if (delay is null && abort is null && rate is null)
        {
            return null;
        }

        // 2. Unless there are enough of them already.
        return _environment.Faults.TryEnter(_config.MaxActive ?? uint.MaxValue)
            ? new FaultAction(_name, _environment, request.ClusterName) { Delay = delay, Abort = abort, BytesPerSecond = rate }
            : null;
    }

    private bool Concerns(in FilterRequest request, in RequestHeaders headers)
    {
        if (_config.ClusterName.Length > 0 && _config.ClusterName != request.ClusterName)
        {
            return false;
        }

        foreach (var header in _config.Headers)
        {
            if (!header.IsMatch(headers.GetHeader(header.Name)))
            {
                return false;
            }
        }

        return _config.DownstreamNodes.IsEmpty
            || (headers.GetHeader("x-envoy-downstream-service-node") is [{ } node, ..] && _config.DownstreamNodes.Contains(node, StringComparer.Ordinal));
    }

    private TimeSpan? DelayOf(in RequestHeaders headers)
    {
        if (_config.Delay is not { } delay)
        {
            return null;
        }

        if (delay.Fixed is { } fixedDelay)
        {
            return Occurs(delay.Share) ? fixedDelay : null;
        }

        return FaultHeaders.Number(in headers, FaultHeaders.Delay) is { } milliseconds and > 0
            && Occurs(FaultHeaders.Share(in headers, FaultHeaders.DelayShare, delay.Share))
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }

    private FaultAnswer? AbortOf(in RequestHeaders headers)
    {
        if (_config.Abort is not { } abort)
        {
            return null;
        }

        if (!abort.IsByHeader)
        {
            return Occurs(abort.Share) ? new FaultAnswer(abort.HttpStatus, abort.GrpcStatus) : null;
        }

        var status = FaultHeaders.Number(in headers, FaultHeaders.Abort) is { } number and >= MinHttpStatus and <= MaxHttpStatus ? (int?)number : null;
        var grpcStatus = status is null ? FaultHeaders.Number(in headers, FaultHeaders.GrpcAbort) : null;
        return (status is not null || grpcStatus is not null) && Occurs(FaultHeaders.Share(in headers, FaultHeaders.AbortShare, abort.Share))
            ? new FaultAnswer(status, grpcStatus)
            : null;
    }

    private long? RateOf(in RequestHeaders headers)
    {
        const ulong Kibi = 1024;
        if (_config.ResponseRate is not { } rate)
        {
            return null;
        }

        if (rate.Fixed is { } fixedRate)
        {
            return Occurs(rate.Share) ? (long)(Math.Min(fixedRate, long.MaxValue / Kibi) * Kibi) : null;
        }

        return FaultHeaders.Number(in headers, FaultHeaders.Rate) is { } kibibytes and > 0
            && Occurs(FaultHeaders.Share(in headers, FaultHeaders.RateShare, rate.Share))
            ? (long)(kibibytes * Kibi)
            : null;
    }

    private bool Occurs(FractionConfig share)
        => share.Numerator > 0 && (share.Numerator >= share.Denominator || _environment.Random.Next(share.Denominator) < share.Numerator);
}
