using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>The workloads of the mesh, Pods and WorkloadEntries, and which of them a service selects.</summary>
internal sealed class WorkloadDirectory
{
    /// <summary>Overrides the locality of the pod's node; dots stand for slashes, which a label may not hold.</summary>
    private const string LocalityLabel = "istio-locality";

    private readonly ILookup<string, WorkloadEntry> _entries;
    private readonly ILookup<string, Pod> _pods;
    private readonly ILookup<(string Namespace, string Service), EndpointSlice> _slices;
    private readonly Dictionary<string, string> _localities;
    private readonly Dictionary<(string Namespace, string Name), Pod> _podsByName;

    public WorkloadDirectory(MeshModel model)
    {
        _entries = model.WorkloadEntries.ToLookup(entry => entry.Identity.Namespace);
        _pods = model.Pods.ToLookup(pod => pod.Identity.Namespace);
        _slices = model.EndpointSlices.ToLookup(slice => (slice.Identity.Namespace, slice.ServiceName));
        _localities = model.Nodes.DistinctBy(node => node.Identity.Name).ToDictionary(node => node.Identity.Name, node => node.Locality);
        _podsByName = model.Pods.DistinctBy(pod => (pod.Identity.Namespace, pod.Identity.Name)).ToDictionary(pod => (pod.Identity.Namespace, pod.Identity.Name));
    }

    /// <summary>The workloads that a ServiceEntry's <c>workloadSelector</c> selects in its namespace.</summary>
    public IEnumerable<WorkloadEndpoint> Select(ServiceEntry entry, LabelSelector selector)
    {
        var ns = entry.Identity.Namespace;
        var entries = _entries[ns].Where(workload => selector.Selects(workload.Endpoint.Labels)).Select(workload => workload.Endpoint);
        var pods = _pods[ns].Where(pod => IsEndpoint(pod) && selector.Selects(pod.Labels)).Select(pod => FromPod(pod, pod.Source, pod.Address));
        return entries.Concat(pods);
    }

    /// <summary>
    /// The endpoints of a Kubernetes Service: those of its EndpointSlices, or, when there are none, the ready pods that it
    /// selects, as Kubernetes itself would list them; and the WorkloadEntries that it selects.
    /// </summary>
    public IEnumerable<WorkloadEndpoint> Select(KubernetesService service)
    {
        var ns = service.Identity.Namespace;
        var slices = _slices[(ns, service.Identity.Name)].ToArray();
        var endpoints = slices.SelectMany(FromSlice);
        if (service.Selector is not { } selector)
        {
            return endpoints;
        }

        if (slices.Length == 0)
        {
            endpoints = _pods[ns]
                .Where(pod => IsEndpoint(pod) && selector.Selects(pod.Labels))
                .Select(pod => FromPod(pod, pod.Source, pod.Address) with { Ports = PortsOf(service, pod.Ports, isPod: true), HasOnlyItsPorts = true, IsReadyPod = true });
        }

        var entries = _entries[ns]
            .Where(workload => selector.Selects(workload.Endpoint.Labels))
            .Select(workload => workload.Endpoint with { Ports = PortsOf(service, workload.Endpoint.Ports, isPod: false), HasOnlyItsPorts = true });
        return endpoints.Concat(entries);
    }

    private IEnumerable<WorkloadEndpoint> FromSlice(EndpointSlice slice)
    {
        foreach (var endpoint in slice.Endpoints.Where(endpoint => endpoint.IsReady))
        {
            var pod = _podsByName.GetValueOrDefault((slice.Identity.Namespace, endpoint.PodName));
            var workload = pod is null
                ? new WorkloadEndpoint { Source = endpoint.Source, Address = endpoint.Address, Locality = LocalityOf(endpoint.NodeName) }
                : FromPod(pod, endpoint.Source, endpoint.Address);
            yield return workload with { Ports = slice.Ports, HasOnlyItsPorts = true, IsReadyPod = true };
        }
    }

    private WorkloadEndpoint FromPod(Pod pod, SourceField source, string address) => new()
    {
        Source = source,
        Address = address,
        Labels = pod.Labels,
        ServiceAccount = pod.ServiceAccount,
        Locality = pod.Labels.TryGetValue(LocalityLabel, out var locality) ? locality.Replace('.', '/') : LocalityOf(pod.NodeName),
    };

    private string LocalityOf(string node) => _localities.GetValueOrDefault(node, "");

    private static bool IsEndpoint(Pod pod) => pod.IsReady && pod.Address.Length > 0;

    // A pod names its container ports, which only a named targetPort asks for; a WorkloadEntry names the service's ports.
    private static ImmutableSortedDictionary<string, int> PortsOf(KubernetesService service, ImmutableSortedDictionary<string, int> named, bool isPod)
    {
        var ports = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (var port in service.Ports)
        {
            if ((!isPod && named.TryGetValue(port.Name, out var number)) || named.TryGetValue(port.TargetPortName, out number))
            {
                ports[port.Name] = number;
            }
            else if (port.TargetPortName.Length == 0)
            {
                ports[port.Name] = port.TargetPort;
            }
        }

        return ports.ToImmutable();
    }
}
