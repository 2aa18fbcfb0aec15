using Envoy.Config.Route.V3;
using Envoy.Extensions.Retry.Priority.PreviousPriorities.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Reads where the tries after the first go. What is not known there rejects the routes in Envoy's dialect, as Envoy does; gRPC passes over all of it (gRFC A44).
/// </summary>
internal static class RetrySelectionReader
{
    public static RetryPolicyConfig Read(RetryPolicy message, RetryPolicyConfig policy, DecodeContext context)
    {
        for (var i = 0; i < message.RetryHostPredicate.Count; i++)
        {
            using var scope = context.Enter("retry_host_predicate", i);
            policy = ReadPredicate(message.RetryHostPredicate[i].TypedConfig, policy, context);
        }

        return message.RetryPriority is { } priority ? ReadPriority(priority.TypedConfig, policy, context) : policy;
    }

    private static RetryPolicyConfig ReadPredicate(Any? config, RetryPolicyConfig policy, DecodeContext context)
    {
        var type = config?.TypeUrl ?? "";
        if (type == ExtensionTypes.PreviousHosts)
        {
            return policy with { AvoidsPreviousHosts = true };
        }

        if (type == ExtensionTypes.OmitCanaryHosts)
        {
            return policy with { OmitsCanaries = true };
        }

        if (type == ExtensionTypes.OmitHostMetadata)
        {
            context.WarnNoEffect("predicates on the metadata of endpoints", "typed_config");
            return policy;
        }

        Reject(type, "previous_hosts, omit_canary_hosts or omit_host_metadata", context);
        return policy;
    }

    private static RetryPolicyConfig ReadPriority(Any? config, RetryPolicyConfig policy, DecodeContext context)
    {
        using var scope = context.Enter("retry_priority");
        if (config?.TypeUrl != ExtensionTypes.PreviousPriorities)
        {
            Reject(config?.TypeUrl ?? "", "previous_priorities", context);
            return policy;
        }

        using var typed = context.Enter("typed_config");
        if (!ResourceReader.TryUnpack(config, PreviousPrioritiesConfig.Parser, context, out var priorities))
        {
            return policy;
        }

        if (priorities.UpdateFrequency < 1)
        {
            context.Error("update_frequency", $"{priorities.UpdateFrequency} must be at least 1");
        }

        return policy with { PreviousPrioritiesFrequency = priorities.UpdateFrequency };
    }

    private static void Reject(string type, string known, DecodeContext context)
    {
        if (context.Dialect == XdsDialect.Envoy)
        {
            context.Error("typed_config", $"the type '{type}' is not supported: give {known}");
        }
        else
        {
            context.WarnNoEffect("choices of endpoints for retries that are not known here", "typed_config");
        }
    }
}
