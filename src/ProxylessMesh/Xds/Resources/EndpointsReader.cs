using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;
using Locality = ProxylessMesh.Configuration.Locality;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Where an endpoint set stands, which decides what it may hold.</summary>
internal enum EndpointsOrigin
{
    /// <summary>An EDS resource: IP addresses; a locality without weight gets no requests (gRFC A27).</summary>
    Eds,

    /// <summary>In a cluster of type STATIC: IP addresses; weights may be left out.</summary>
    Static,

    /// <summary>In a cluster of a DNS type: names to resolve; weights may be left out.</summary>
    Dns,
}

/// <summary>Reads one endpoint set: an EDS resource, or a cluster's own. Used once.</summary>
internal sealed class EndpointsReader(EndpointsOrigin origin, DecodeContext context, DnsLookupFamily family = DnsLookupFamily.All)
{
    private readonly HashSet<EndpointAddress> _addresses = [];
    private readonly HashSet<(int Priority, Locality Locality)> _localities = [];
    private readonly SortedDictionary<uint, ulong> _weights = [];

    public EndpointsConfig Read(ClusterLoadAssignment assignment, string clusterName)
    {
        CheckPolicy(assignment.Policy);
        var localities = ImmutableArray.CreateBuilder<LocalityConfig>(assignment.Endpoints.Count);
        for (var i = 0; i < assignment.Endpoints.Count; i++)
        {
            using var scope = context.Enter("endpoints", i);
            if (ReadLocality(assignment.Endpoints[i]) is { } locality)
            {
                localities.Add(locality);
            }
        }

        CheckPriorities();
        return new EndpointsConfig { ClusterName = clusterName, Localities = localities.ToImmutable() };
    }

    private void CheckPolicy(ClusterLoadAssignment.Types.Policy? policy)
    {
        if (policy is null)
        {
            return;
        }

        for (var i = 0; i < policy.DropOverloads.Count; i++)
        {
            using var scope = context.Enter("policy.drop_overloads", i);
            var percentage = policy.DropOverloads[i].DropPercentage;
            if (percentage is not null && !Enum.IsDefined(percentage.Denominator))
            {
                context.Error("drop_percentage.denominator", $"{(int)percentage.Denominator} must be HUNDRED, TEN_THOUSAND or MILLION (gRFC A27)");
            }

            context.WarnNoEffect("requests to drop", "");
        }
    }

    private LocalityConfig? ReadLocality(LocalityLbEndpoints message)
    {
        if (origin == EndpointsOrigin.Eds && (message.LoadBalancingWeight ?? 0) == 0)
        {
            return null;
        }

        if (origin == EndpointsOrigin.Eds && message.Locality is null)
        {
            context.Error("locality", "must be set (gRFC A27)");
        }

        // Further apart than there are localities, priorities have a gap and are rejected: the cast below loses nothing.
        var weight = message.LoadBalancingWeight is > 0 and var given ? given : 1;
        var priority = (int)Math.Min(message.Priority, int.MaxValue);
        var locality = new Locality(message.Locality?.Region ?? "", message.Locality?.Zone ?? "", message.Locality?.SubZone ?? "");
        if (!_localities.Add((priority, locality)) && origin == EndpointsOrigin.Eds)
        {
            context.Error("locality", $"'{locality}' was given before in priority {message.Priority} (gRFC A27)");
        }

        _weights[message.Priority] = _weights.GetValueOrDefault(message.Priority) + weight;
        return ReadEndpoints(message) is { } endpoints ? new LocalityConfig(locality, priority, weight, endpoints) : null;
    }

    private ImmutableArray<EndpointConfig>? ReadEndpoints(LocalityLbEndpoints message)
    {
        switch (message.LbConfigCase)
        {
            case LocalityLbEndpoints.LbConfigOneofCase.LedsClusterLocalityConfig:
                context.Error("leds_cluster_locality_config", "is not supported: send 'lb_endpoints'");
                return null;

            case LocalityLbEndpoints.LbConfigOneofCase.LoadBalancerEndpoints:
                using (context.Enter("load_balancer_endpoints"))
                {
                    return ReadEndpoints(message.LoadBalancerEndpoints.LbEndpoints);
                }

            default:
                return ReadEndpoints(message.LbEndpoints);
        }
    }

    private ImmutableArray<EndpointConfig> ReadEndpoints(RepeatedField<LbEndpoint> messages)
    {
        var endpoints = ImmutableArray.CreateBuilder<EndpointConfig>(messages.Count);
        var total = 0UL;
        for (var i = 0; i < messages.Count; i++)
        {
            using var scope = context.Enter("lb_endpoints", i);
            var endpoint = ReadEndpoint(messages[i]);
            total += endpoint?.Weight ?? 0;
            if (endpoint is not null && messages[i].HealthStatus is HealthStatus.Unknown or HealthStatus.Healthy)
            {
                endpoints.Add(endpoint);
            }
        }

        if (total > uint.MaxValue)
        {
            context.Error("lb_endpoints", $"the weights add up to {total}; the sum must not exceed {uint.MaxValue} (gRFC A113)");
        }

        return endpoints.ToImmutable();
    }

    private EndpointConfig? ReadEndpoint(LbEndpoint message)
    {
        if (message.LoadBalancingWeight == 0)
        {
            context.Error("load_balancing_weight", "must not be 0: leave it out for 1, or leave the endpoint out");
        }

        if (message.HostIdentifierCase != LbEndpoint.HostIdentifierOneofCase.Endpoint)
        {
            context.Error("endpoint", message.HostIdentifierCase == LbEndpoint.HostIdentifierOneofCase.EndpointName
                ? "must be given in place: 'endpoint_name' is not supported"
                : "must be set");
            return null;
        }

        using var scope = context.Enter("endpoint");
        var address = ReadAddress(message.Endpoint.Address, "address");
        for (var i = 0; i < message.Endpoint.AdditionalAddresses.Count; i++)
        {
            using var additional = context.Enter("additional_addresses", i);
            ReadAddress(message.Endpoint.AdditionalAddresses[i].Address, "address");
            context.WarnNoEffect("additional addresses", "");
        }

        return address is { } known
            ? new EndpointConfig(known, message.LoadBalancingWeight ?? 1)
            {
                Hostname = message.Endpoint.Hostname is { Length: > 0 } hostname ? hostname : null,
                Labels = EndpointMetadataReader.ReadLabels(message.Metadata),
                Workload = EndpointMetadataReader.ReadWorkload(message.Metadata),
                HashKey = ReadHashKey(message.Metadata),
                IsCanary = EndpointMetadataReader.ReadIsCanary(message.Metadata),
            }
            : null;
    }

    /// <summary>A key that is no string does not count, as in Envoy.</summary>
    private static string? ReadHashKey(Metadata? metadata)
        => metadata is not null
            && metadata.FilterMetadata.TryGetValue("envoy.lb", out var balancing)
            && balancing.Fields.TryGetValue("hash_key", out var key)
            && key.StringValue.Length > 0
            ? key.StringValue
            : null;

    private EndpointAddress? ReadAddress(Address? message, string field)
    {
        using var scope = context.Enter(field);
        var address = AddressReader.Read(message, allowNames: origin == EndpointsOrigin.Dns, context);
        if (family != DnsLookupFamily.All && address is { IsUnixSocket: false } named)
        {
            address = EndpointAddress.Name(named.Host, named.Port, family);
        }

        if (address is { } known && !_addresses.Add(known))
        {
            context.Error("", $"'{known}' was given before in this cluster (gRFC A27)");
        }

        return address;
    }

    private void CheckPriorities()
    {
        var expected = 0U;
        foreach (var (priority, weight) in _weights)
        {
            if (priority != expected)
            {
                context.Error("endpoints", $"priority {priority} is used, but {expected} is not: priorities must not have a gap (gRFC A27)");
                return;
            }

            if (weight > uint.MaxValue)
            {
                context.Error("endpoints", $"the locality weights of priority {priority} add up to {weight}; the sum must not exceed {uint.MaxValue} (gRFC A27)");
            }

            expected++;
        }
    }
}
