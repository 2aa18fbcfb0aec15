using Envoy.Config.Cluster.V3;
using Envoy.Extensions.LoadBalancingPolicies.RoundRobin.V3;
using Envoy.Extensions.LoadBalancingPolicies.WrrLocality.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using LeastRequestPolicy = Envoy.Extensions.LoadBalancingPolicies.LeastRequest.V3.LeastRequest;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads how a cluster balances: <c>load_balancing_policy</c> if given (gRFC A52), else <c>lb_policy</c>.</summary>
internal static class LoadBalancerReader
{
    // "more than 16 levels" - gRFC A52
    private const int MaxDepth = 16;

    // "values above 10 will be treated as 10" - gRFC A48
    private const int MaxChoiceCount = 10;
    private const int MinChoiceCount = 2;

    /// <returns>The policy, or <see langword="null"/> when none is supported; then an error is noted.</returns>
    public static LoadBalancerConfig? Read(Cluster cluster, DecodeContext context)
    {
        if (cluster.LbSubsetConfig?.SubsetSelectors.Count > 0)
        {
            context.Error("lb_subset_config", "endpoint subsets are not supported in this version: give each subset a cluster of its own");
        }

        if (cluster.LoadBalancingPolicy is not null)
        {
            using var scope = context.Enter("load_balancing_policy");
            return Read(cluster.LoadBalancingPolicy, depth: 1, context);
        }

        switch (cluster.LbPolicy)
        {
            case Cluster.Types.LbPolicy.RoundRobin:
                NoteSlowStart(cluster.RoundRobinLbConfig?.SlowStartConfig is not null, "round_robin_lb_config.slow_start_config", context);
                return RoundRobinConfig.Instance;

            case Cluster.Types.LbPolicy.LeastRequest:
                NoteSlowStart(cluster.LeastRequestLbConfig?.SlowStartConfig is not null, "least_request_lb_config.slow_start_config", context);
                return LeastRequest(cluster.LeastRequestLbConfig?.ChoiceCount, "least_request_lb_config.choice_count", context);

            default:
                context.Error("lb_policy", $"{cluster.LbPolicy} is not supported in this version: give ROUND_ROBIN or LEAST_REQUEST");
                return null;
        }
    }

    private static LoadBalancerConfig? Read(LoadBalancingPolicy policy, int depth, DecodeContext context)
    {
        if (depth > MaxDepth)
        {
            context.Error("", $"is nested more than {MaxDepth} deep (gRFC A52)");
            return null;
        }

        for (var i = 0; i < policy.Policies.Count; i++)
        {
            if (policy.Policies[i].TypedExtensionConfig?.TypedConfig is { } config && IsSupported(config))
            {
                using var scope = context.Enter("policies", i);
                using var configScope = context.Enter("typed_extension_config.typed_config");
                return Read(config, depth, context);
            }
        }

        context.Error("policies", "none of them is supported: add one of RoundRobin, LeastRequest and WrrLocality (gRFC A52)");
        return null;
    }

    private static bool IsSupported(Any config)
        => config.TypeUrl == ExtensionTypes.RoundRobin || config.TypeUrl == ExtensionTypes.LeastRequest || config.TypeUrl == ExtensionTypes.WrrLocality;

    private static LoadBalancerConfig? Read(Any config, int depth, DecodeContext context)
    {
        if (config.TypeUrl == ExtensionTypes.RoundRobin)
        {
            if (!ResourceReader.TryUnpack(config, RoundRobin.Parser, context, out var roundRobin))
            {
                return null;
            }

            NoteSlowStart(roundRobin.SlowStartConfig is not null, "slow_start_config", context);
            return RoundRobinConfig.Instance;
        }

        if (config.TypeUrl == ExtensionTypes.LeastRequest)
        {
            if (!ResourceReader.TryUnpack(config, LeastRequestPolicy.Parser, context, out var leastRequest))
            {
                return null;
            }

            NoteSlowStart(leastRequest.SlowStartConfig is not null, "slow_start_config", context);
            return LeastRequest(leastRequest.ChoiceCount, "choice_count", context);
        }

        if (!ResourceReader.TryUnpack(config, WrrLocality.Parser, context, out var locality))
        {
            return null;
        }

        if (locality.EndpointPickingPolicy is null)
        {
            context.Error("endpoint_picking_policy", "must be set (gRFC A52)");
            return null;
        }

        // Localities are weighted whatever the policy within them; only that one is left to say.
        using var scope = context.Enter("endpoint_picking_policy");
        return Read(locality.EndpointPickingPolicy, depth + 1, context);
    }

    private static LeastRequestConfig? LeastRequest(uint? choiceCount, string field, DecodeContext context)
    {
        if (choiceCount < MinChoiceCount)
        {
            context.Error(field, $"{choiceCount} must be at least {MinChoiceCount} (gRFC A48)");
            return null;
        }

        return new LeastRequestConfig((int)Math.Min(choiceCount ?? LeastRequestConfig.DefaultChoiceCount, MaxChoiceCount));
    }

    private static void NoteSlowStart(bool isPresent, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.WarnNoEffect("slow starts", field);
        }
    }
}
