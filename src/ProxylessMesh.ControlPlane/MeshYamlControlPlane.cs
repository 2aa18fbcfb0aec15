using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.ControlPlane.Ads;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane;

/// <summary>The control plane of a process that is configured by a file or a directory beside it: no server, no socket.</summary>
/// <param name="path">The file, or the directory of files; a relative path is looked for in the working directory, then beside the application.</param>
/// <param name="identity">Who this process is.</param>
internal sealed class MeshYamlControlPlane(string path, MeshYamlOptions identity) : IControlPlane
{
    private const string NodeId = "in-process";

    public async Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        var file = await MeshFileControlPlane.StartAsync(Find(path), timeProvider, loggerFactory, cancellationToken).ConfigureAwait(false);
        var node = ToNode(identity);
        var hosts = new DeclaredHosts(file.Store, AdsClientIdentity.From(node).View);
        var servers = new XdsServerList([file.CreateTransport()], fallsBackOnReachabilityOnly: false);
        return new ControlPlaneConnection(servers, node, BootstrapConfig.DefaultClientListenerTemplate, Istio: null, hosts.Contains)
        {
            Owner = file,
        };
    }

    private static Node ToNode(MeshYamlOptions identity)
    {
        var parts = identity.Locality.Split('/');
        var node = NodeFactory.ToProto(NodeConfig.Empty with
        {
            Id = NodeId,
            Locality = new NodeLocality(parts[0], parts.Length > 1 ? parts[1] : "", parts.Length > 2 ? parts[2] : ""),
        });
        var labels = new Struct();
        foreach (var (name, value) in identity.Labels)
        {
            labels.Fields[name] = Value.ForString(value);
        }

        node.Metadata ??= new Struct();
        node.Metadata.Fields[AdsClientIdentity.NamespaceKey] = Value.ForString(identity.Namespace);
        node.Metadata.Fields[AdsClientIdentity.LabelsKey] = Value.ForStruct(labels);
        return node;
    }

    private static string Find(string path)
    {
        var besideApplication = Path.Combine(AppContext.BaseDirectory, path);
        return !Path.IsPathRooted(path) && !Path.Exists(path) && Path.Exists(besideApplication) ? besideApplication : path;
    }
}
