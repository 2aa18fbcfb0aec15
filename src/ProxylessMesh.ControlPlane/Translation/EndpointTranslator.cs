using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;
using EnvoyEndpoint = Envoy.Config.Endpoint.V3.Endpoint;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the endpoints of a cluster, one group per locality in the order of first appearance; a group weighs what its
/// endpoints weigh. A service that prefers near endpoints gets priorities by the client's locality.
/// </summary>
internal static class EndpointTranslator
{
    public static XdsResource Translate(MeshService service, ServicePort port, Subset? subset, MeshClient client)
    {
        var name = XdsNames.Cluster(port.Number, subset?.Name ?? "", service.Host);
        return XdsResource.Create(ResourceTypes.ClusterLoadAssignment, name, Assign(name, service, port, subset, client));
    }

    /// <summary>The endpoints that <paramref name="subset"/> selects. A DNS service without endpoints is its own, unlabelled endpoint.</summary>
    public static ClusterLoadAssignment Assign(string clusterName, MeshService service, ServicePort port, Subset? subset, MeshClient client)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = clusterName };
        foreach (var endpoint in EndpointsOf(service))
        {
            if (subset?.Selects(endpoint) is false || AddressOf(endpoint, service, port) is not { } address)
            {
                continue;
            }

            var group = GroupFor(assignment, endpoint.Locality);
            group.LbEndpoints.Add(new LbEndpoint
            {
                Endpoint = new EnvoyEndpoint { Address = address },
                HealthStatus = endpoint.IsReadyPod ? HealthStatus.Healthy : HealthStatus.Unknown,
                LoadBalancingWeight = endpoint.Weight,
            });
            group.LoadBalancingWeight = (group.LoadBalancingWeight ?? 0) + endpoint.Weight;
        }

        if (service.PrefersClose && client.Locality.Length > 0)
        {
            Prioritize(assignment, ToLocality(client.Locality));
        }

        return assignment;
    }

    private static ImmutableArray<WorkloadEndpoint> EndpointsOf(MeshService service)
        => service.Endpoints.IsEmpty && service.Resolution != ServiceResolution.Static
            ? [new WorkloadEndpoint { Source = default, Address = service.Host }]
            : service.Endpoints;

    private static LocalityLbEndpoints GroupFor(ClusterLoadAssignment assignment, string locality)
    {
        var wanted = ToLocality(locality);
        foreach (var group in assignment.Endpoints)
        {
            if (group.Locality.Equals(wanted))
            {
                return group;
            }
        }

        var added = new LocalityLbEndpoints { Locality = wanted };
        assignment.Endpoints.Add(added);
        return added;
    }

    // How far away, counted in the parts of the locality that differ, and then without gaps, as priorities have to be.
    private static void Prioritize(ClusterLoadAssignment assignment, Locality client)
    {
        var distances = assignment.Endpoints.Select(group => Distance(group.Locality, client)).Distinct().Order().ToArray();
        foreach (var group in assignment.Endpoints)
        {
            group.Priority = (uint)Array.IndexOf(distances, Distance(group.Locality, client));
        }
    }

    private static int Distance(Locality locality, Locality client)
    {
        if (locality.Region != client.Region)
        {
            return 3;
        }

        if (locality.Zone != client.Zone)
        {
            return 2;
        }

        return locality.SubZone == client.SubZone ? 0 : 1;
    }

    private static Locality ToLocality(string locality)
    {
        var parts = locality.Split('/');
        return new Locality
        {
            Region = parts[0],
            Zone = parts.Length > 1 ? parts[1] : "",
            SubZone = parts.Length > 2 ? parts[2] : "",
        };
    }

    private static Address? AddressOf(WorkloadEndpoint endpoint, MeshService service, ServicePort port)
    {
        if (endpoint.IsUnixSocket)
        {
            return new Address { Pipe = new Pipe { Path = endpoint.Address[WorkloadEndpoint.UnixScheme.Length..] } };
        }

        // With resolution NONE the caller's own destination is dialled, so no target port applies.
        var number = service.Resolution == ServiceResolution.None ? port.Number : endpoint.PortFor(port);
        return number is int value ? new Address { SocketAddress = new SocketAddress { Address = endpoint.Address, PortValue = (uint)value } } : null;
    }
}
