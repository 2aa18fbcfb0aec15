using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;
using EnvoyEndpoint = Envoy.Config.Endpoint.V3.Endpoint;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes the endpoints of a cluster, one group per locality in the order of the file; a group weighs what its endpoints weigh.</summary>
internal static class EndpointTranslator
{
    public static XdsResource Translate(MeshService service, ServicePort port, Subset? subset)
    {
        var name = XdsNames.Cluster(port.Number, subset?.Name ?? "", service.Host);
        return XdsResource.Create(ResourceTypes.ClusterLoadAssignment, name, Assign(name, service, port, subset));
    }

    /// <summary>The endpoints that <paramref name="subset"/> selects. A DNS service without endpoints is its own, unlabelled endpoint.</summary>
    public static ClusterLoadAssignment Assign(string clusterName, MeshService service, ServicePort port, Subset? subset)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = clusterName };
        foreach (var endpoint in EndpointsOf(service))
        {
            if (subset?.Selects(endpoint) is false)
            {
                continue;
            }

            var group = GroupFor(assignment, endpoint.Locality);
            group.LbEndpoints.Add(new LbEndpoint
            {
                Endpoint = new EnvoyEndpoint { Address = AddressOf(endpoint, service, port) },
                LoadBalancingWeight = endpoint.Weight,
            });
            group.LoadBalancingWeight = (group.LoadBalancingWeight ?? 0) + endpoint.Weight;
        }

        return assignment;
    }

    private static ImmutableArray<WorkloadEndpoint> EndpointsOf(MeshService service)
        => service.Entry.Endpoints.IsEmpty && service.Entry.Resolution != ServiceResolution.Static
            ? [new WorkloadEndpoint { Source = default, Address = service.Host }]
            : service.Entry.Endpoints;

    private static LocalityLbEndpoints GroupFor(ClusterLoadAssignment assignment, string locality)
    {
        var parts = locality.Split('/');
        var wanted = new Locality
        {
            Region = parts[0],
            Zone = parts.Length > 1 ? parts[1] : "",
            SubZone = parts.Length > 2 ? parts[2] : "",
        };
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

    private static Address AddressOf(WorkloadEndpoint endpoint, MeshService service, ServicePort port)
    {
        if (endpoint.IsUnixSocket)
        {
            return new Address { Pipe = new Pipe { Path = endpoint.Address[WorkloadEndpoint.UnixScheme.Length..] } };
        }

        // With resolution NONE the caller's own destination is dialled, so no target port applies.
        var number = service.Entry.Resolution == ServiceResolution.None ? port.Number : endpoint.PortFor(port);
        return new Address { SocketAddress = new SocketAddress { Address = endpoint.Address, PortValue = (uint)number } };
    }
}
