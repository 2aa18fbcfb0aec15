using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads each resource by its kind and gathers them in their order.</summary>
internal sealed class MeshModelBuilder(ProblemCollector problems)
{
    private static readonly string[] Networking = ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];
    private static readonly string[] Core = ["v1"];
    private static readonly string[] Gateway = ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1", "gateway.networking.k8s.io/v1alpha2"];

    private readonly Dictionary<ResourceIdentity, SourceField> _declared = [];
    private readonly Lists _lists = new();
    private (SourceField Source, MeshSettings Value)? _settings;

    /// <summary>The kinds that are read, and the apiVersions each may have.</summary>
    public static ImmutableSortedDictionary<string, string[]> Kinds { get; } = new Dictionary<string, string[]>
    {
        ["ServiceEntry"] = Networking,
        ["VirtualService"] = Networking,
        ["DestinationRule"] = Networking,
        ["WorkloadEntry"] = Networking,
        ["Sidecar"] = Networking,
        ["EnvoyFilter"] = Networking,
        ["Service"] = Core,
        ["Pod"] = Core,
        ["Node"] = Core,
        ["Namespace"] = Core,
        ["EndpointSlice"] = ["discovery.k8s.io/v1"],
        [GatewayRouteReader.HttpKind] = Gateway,
        [GatewayRouteReader.GrpcKind] = Gateway,
        ["ReferenceGrant"] = Gateway,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Kinds of the cluster, whose spec says nothing to a mesh.</summary>
    public static bool MayLackSpec(string kind) => kind is "Node" or "Namespace" or "EndpointSlice";

    public void Read(MeshDocument document)
    {
        if (!_declared.TryAdd(document.Identity, document.Fields.Self))
        {
            problems.Error(
                document.Identity,
                document.Fields.Field("metadata"),
                $"the same kind, namespace and name were declared {_declared[document.Identity].SeenFrom(document.Fields.Self)}; rename or merge them");
        }

        switch (document.Identity.Kind)
        {
            case "Pod":
                _lists.Pods.Add(WorkloadReader.ReadPod(document));
                break;
            case "Node":
                _lists.Nodes.Add(WorkloadReader.ReadNode(document));
                break;
            case "EndpointSlice":
                _lists.Slices.Add(EndpointSliceReader.Read(document));
                break;
            case "Namespace":
                break;
            default:
                document.Fields.Object("spec", spec => ReadSpec(document, spec));
                break;
        }
    }

    public void Read(FieldReader meshConfig)
    {
        var settings = MeshConfigReader.Read(meshConfig);
        if (_settings is { } earlier)
        {
            meshConfig.Error(meshConfig.Self, $"there is a MeshConfig already, {earlier.Source.SeenFrom(meshConfig.Self)}; merge them");
            return;
        }

        _settings = (meshConfig.Self, settings);
    }

    public MeshModel ToModel() => new()
    {
        Settings = _settings?.Value ?? MeshSettings.Default,
        ServiceEntries = [.. _lists.ServiceEntries],
        VirtualServices = [.. _lists.VirtualServices],
        DestinationRules = [.. _lists.DestinationRules],
        WorkloadEntries = [.. _lists.WorkloadEntries],
        Sidecars = [.. _lists.Sidecars],
        Services = [.. _lists.Services],
        EndpointSlices = [.. _lists.Slices],
        Pods = [.. _lists.Pods],
        Nodes = [.. _lists.Nodes],
        GatewayRoutes = [.. _lists.Routes],
        ReferenceGrants = [.. _lists.Grants],
        EnvoyFilters = [.. _lists.EnvoyFilters],
    };

    private MeshDocument ReadSpec(MeshDocument document, FieldReader spec)
    {
        var identity = document.Identity;
        switch (identity.Kind)
        {
            case "ServiceEntry":
                _lists.ServiceEntries.Add(ServiceEntryReader.Read(document, spec));
                break;
            case "VirtualService":
                _lists.VirtualServices.Add(VirtualServiceReader.Read(identity, spec));
                break;
            case "DestinationRule":
                _lists.DestinationRules.Add(DestinationRuleReader.Read(identity, spec));
                break;
            case "WorkloadEntry":
                _lists.WorkloadEntries.Add(WorkloadEntryReader.Read(document, spec));
                break;
            case "Sidecar":
                _lists.Sidecars.Add(SidecarReader.Read(identity, spec));
                break;
            case "EnvoyFilter":
                _lists.EnvoyFilters.Add(EnvoyFilterReader.Read(identity, spec));
                break;
            case "Service":
                _lists.Services.Add(KubernetesServiceReader.Read(document, spec));
                break;
            case "ReferenceGrant":
                _lists.Grants.Add(ReferenceGrantReader.Read(identity, spec));
                break;
            default:
                _lists.Routes.Add(GatewayRouteReader.Read(identity, spec));
                break;
        }

        return document;
    }

    private sealed class Lists
    {
        public List<ServiceEntry> ServiceEntries { get; } = [];

        public List<VirtualService> VirtualServices { get; } = [];

        public List<DestinationRule> DestinationRules { get; } = [];

        public List<WorkloadEntry> WorkloadEntries { get; } = [];

        public List<SidecarScope> Sidecars { get; } = [];

        public List<KubernetesService> Services { get; } = [];

        public List<EndpointSlice> Slices { get; } = [];

        public List<Pod> Pods { get; } = [];

        public List<KubernetesNode> Nodes { get; } = [];

        public List<GatewayRoute> Routes { get; } = [];

        public List<EnvoyFilter> EnvoyFilters { get; } = [];

        public List<ReferenceGrant> Grants { get; } = [];
    }
}
