using Envoy.Config.Cluster.V3;
using Envoy.Extensions.LoadBalancingPolicies.RoundRobin.V3;
using Envoy.Extensions.LoadBalancingPolicies.WrrLocality.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using LeastRequestPolicy = Envoy.Extensions.LoadBalancingPolicies.LeastRequest.V3.LeastRequest;
using RandomPolicy = Envoy.Extensions.LoadBalancingPolicies.Random.V3.Random;

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
            return Read(cluster.LoadBalancingPolicy, depth: 1, weighsLocalities: context.Dialect == XdsDialect.Grpc, context);
        }

        switch (cluster.LbPolicy)
        {
            case Cluster.Types.LbPolicy.RoundRobin:
                NoteSlowStart(cluster.RoundRobinLbConfig?.SlowStartConfig is not null, "round_robin_lb_config.slow_start_config", context);
                return RoundRobinConfig.Instance;

            case Cluster.Types.LbPolicy.LeastRequest:
                NoteSlowStart(cluster.LeastRequestLbConfig?.SlowStartConfig is not null, "least_request_lb_config.slow_start_config", context);
                return LeastRequest(cluster.LeastRequestLbConfig?.ChoiceCount, "least_request_lb_config.choice_count", context);

            case Cluster.Types.LbPolicy.RingHash:
                return HashingReader.ReadRing(cluster, context);

            case Cluster.Types.LbPolicy.Maglev:
                return HashingReader.ReadMaglev(cluster, context);

            case Cluster.Types.LbPolicy.Random:
                return new RandomConfig(WeighsLocalities(cluster, context));

            default:
                context.Error("lb_policy", $"{cluster.LbPolicy} is not supported in this version: give ROUND_ROBIN, LEAST_REQUEST, RING_HASH, MAGLEV or RANDOM");
                return null;
        }
    }

    /// <summary>Whether the weights of localities count for a policy of the cluster's own that does without them: in gRPC always, in Envoy on demand.</summary>
    public static bool WeighsLocalities(Cluster cluster, DecodeContext context)
        => context.Dialect == XdsDialect.Grpc || cluster.CommonLbConfig?.LocalityWeightedLbConfig is not null;

    private static LoadBalancerConfig? Read(LoadBalancingPolicy policy, int depth, bool weighsLocalities, DecodeContext context)
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
                return Read(config, depth, weighsLocalities, context);
            }
        }

        context.Error("policies", "none of them is supported: add one of RoundRobin, LeastRequest, RingHash, Maglev, Random and WrrLocality (gRFC A52)");
        return null;
    }

    private static bool IsSupported(Any config)
        => config.TypeUrl == ExtensionTypes.RoundRobin
            || config.TypeUrl == ExtensionTypes.LeastRequest
            || config.TypeUrl == ExtensionTypes.RingHash
            || config.TypeUrl == ExtensionTypes.Maglev
            || config.TypeUrl == ExtensionTypes.Random
            || config.TypeUrl == ExtensionTypes.WrrLocality;

    private static LoadBalancerConfig? Read(Any config, int depth, bool weighsLocalities, DecodeContext context)
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

        if (config.TypeUrl == ExtensionTypes.RingHash)
        {
            return HashingReader.ReadRing(config, weighsLocalities, context);
        }

        if (config.TypeUrl == ExtensionTypes.Maglev)
        {
            return HashingReader.ReadMaglev(config, weighsLocalities, context);
        }

        if (config.TypeUrl == ExtensionTypes.Random)
        {
            return ResourceReader.TryUnpack(config, RandomPolicy.Parser, context, out var random)
                ? new RandomConfig(weighsLocalities || random.LocalityLbConfig?.LocalityWeightedLbConfig is not null)
                : null;
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

        // Localities are weighted; only the policy within them is left to say.
        using var scope = context.Enter("endpoint_picking_policy");
        return Read(locality.EndpointPickingPolicy, depth + 1, weighsLocalities: true, context);
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
