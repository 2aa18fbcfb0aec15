using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Reads Pods and Nodes, as far as they say who and where an endpoint is. Their many other fields are the cluster's affair and
/// not looked at.
/// </summary>
internal static class WorkloadReader
{
    private const string RegionLabel = "topology.kubernetes.io/region";
    private const string ZoneLabel = "topology.kubernetes.io/zone";
    private const string SubZoneLabel = "topology.istio.io/subzone";

    public static Pod ReadPod(MeshDocument document)
    {
        var placement = document.Fields.Object("spec", spec => new Placement(
            spec.String("serviceAccountName") ?? "default",
            spec.String("nodeName") ?? "",
            ReadContainerPorts(spec))) ?? new Placement("default", "", ImmutableSortedDictionary<string, int>.Empty);
        var state = document.Fields.Object("status", ReadState) ?? new State("", IsReady: false);
        return new Pod
        {
            Identity = document.Identity,
            Source = document.Fields.Self,
            Labels = document.Labels,
            Address = state.Address,
            ServiceAccount = placement.ServiceAccount,
            NodeName = placement.NodeName,
            Ports = placement.Ports,
            IsReady = state.IsReady,
        };
    }

    public static KubernetesNode ReadNode(MeshDocument document)
    {
        string[] parts = [Label(RegionLabel), Label(ZoneLabel), Label(SubZoneLabel)];
        return new KubernetesNode(document.Identity, string.Join('/', parts).TrimEnd('/'));

        string Label(string name) => document.Labels.GetValueOrDefault(name, "");
    }

    private static ImmutableSortedDictionary<string, int> ReadContainerPorts(FieldReader spec)
    {
        var ports = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        spec.Objects("containers", container =>
        {
            container.Objects("ports", port =>
            {
                if (port.String("name") is { } name && port.Port("containerPort") is { } number)
                {
                    ports.TryAdd(name, number);
                }

                return port;
            });
            return container;
        });
        return ports.ToImmutable();
    }

    private static State ReadState(FieldReader status)
    {
        var isRunning = status.String("phase") is null or "Running";
        var conditions = status.Objects("conditions", condition => new Condition(condition.String("type"), condition.String("status")));
        var isReady = conditions.All(condition => condition.Type != "Ready" || condition.Status == "True");
        return new State(status.String("podIP") ?? "", isRunning && isReady);
    }

    private sealed record Placement(string ServiceAccount, string NodeName, ImmutableSortedDictionary<string, int> Ports);

    private sealed record State(string Address, bool IsReady);

    private sealed record Condition(string? Type, string? Status);
}
