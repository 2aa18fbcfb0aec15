using Envoy.Config.Route.V3;
using Envoy.Extensions.Retry.Host.PreviousHosts.V3;
using Envoy.Extensions.Retry.Priority.PreviousPriorities.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes retry policies: what a route does not say is as Istio's default policy has it.</summary>
internal static class RetryTranslator
{
    private const uint DefaultRetries = 2;
    private const string DefaultConditions = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
    private const string RetriableStatusCodes = "retriable-status-codes";
    private const string PreviousHostsName = "envoy.retry_host_predicates.previous_hosts";
    private const string PreviousPrioritiesName = "envoy.retry_priorities.previous_priorities";
    private const long MaxHostSelections = 5;
    private const int PrioritiesUpdateFrequency = 2;

    /// <param name="retries">As the route has it, or the mesh for routes without; <see langword="null"/>: Istio's default.</param>
    /// <param name="isHashed">Whether the route's only destination is picked by hash: another endpoint is then another answer.</param>
    /// <returns><see langword="null"/>: no retries.</returns>
    public static RetryPolicy? Translate(HttpRetry? retries, bool isHashed)
    {
        if (retries is { Attempts: <= 0 })
        {
            return null;
        }

        var policy = new RetryPolicy
        {
            RetryOn = DefaultConditions,
            NumRetries = (uint?)retries?.Attempts ?? DefaultRetries,
            HostSelectionRetryMaxAttempts = MaxHostSelections,
        };
        if (retries?.AvoidsPreviousHosts ?? !isHashed)
        {
            policy.RetryHostPredicate.Add(new RetryPolicy.Types.RetryHostPredicate { Name = PreviousHostsName, TypedConfig = XdsResource.Pack(new PreviousHostsPredicate()) });
        }

        return retries is null ? policy : Apply(retries, policy);
    }

    private static RetryPolicy Apply(HttpRetry retries, RetryPolicy policy)
    {
        if (!retries.Conditions.IsEmpty || !retries.StatusCodes.IsEmpty)
        {
            var isImplied = !retries.StatusCodes.IsEmpty && !retries.Conditions.Contains(RetriableStatusCodes);
            policy.RetryOn = string.Join(',', isImplied ? retries.Conditions.Add(RetriableStatusCodes) : retries.Conditions);
            policy.RetriableStatusCodes.AddRange(retries.StatusCodes.Select(code => (uint)code));
        }

        policy.PerTryTimeout = retries.PerTryTimeout?.ToDuration();
        if (retries.Backoff is { } backoff)
        {
            policy.RetryBackOff = new RetryPolicy.Types.RetryBackOff { BaseInterval = backoff.ToDuration() };
        }

        if (retries.RetriesRemoteLocalities)
        {
            policy.RetryPriority = new RetryPolicy.Types.RetryPriority
            {
                Name = PreviousPrioritiesName,
                TypedConfig = XdsResource.Pack(new PreviousPrioritiesConfig { UpdateFrequency = PrioritiesUpdateFrequency }),
            };
        }

        return policy;
    }
}
