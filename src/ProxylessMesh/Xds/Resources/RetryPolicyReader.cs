using Envoy.Config.Route.V3;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Checks retry policies, which this version accepts without effect: a wrong one is rejected before it matters.</summary>
internal static class RetryPolicyReader
{
    public static void Note(RetryPolicy? policy, DecodeContext context)
    {
        if (policy is null)
        {
            return;
        }

        using var scope = context.Enter("retry_policy");
        context.WarnNoEffect("retries", "");
        DurationReader.Read(policy.PerTryTimeout, "per_try_timeout", context);
        if (policy.RetryBackOff is { } backOff)
        {
            var @base = DurationReader.ReadPositive(backOff.BaseInterval, "retry_back_off.base_interval", context);
            var max = DurationReader.ReadPositive(backOff.MaxInterval, "retry_back_off.max_interval", context);
            if (backOff.BaseInterval is null)
            {
                context.Error("retry_back_off.base_interval", "must be set (gRFC A44)");
            }

            if (max < @base)
            {
                context.Error("retry_back_off.max_interval", $"{max} must not be less than base_interval, {@base} (gRFC A44)");
            }
        }
    }
}
