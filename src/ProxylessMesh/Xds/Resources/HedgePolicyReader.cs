using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads whether several tries of a request may be under way at once.</summary>
internal static class HedgePolicyReader
{
    public static HedgePolicyConfig? Read(HedgePolicy? policy, DecodeContext context)
    {
        if (policy is null)
        {
            return null;
        }

        using var scope = context.Enter("hedge_policy");
        if (policy.InitialRequests == 0)
        {
            context.Error("initial_requests", "must be at least 1");
        }

        return new HedgePolicyConfig
        {
            InitialRequests = policy.InitialRequests ?? 1,
            AdditionalRequestChance = policy.AdditionalRequestChance is { } chance ? FractionReader.Read(chance, "additional_request_chance", context) ?? default : default,
            OnPerTryTimeout = policy.HedgeOnPerTryTimeout,
        };
    }
}
