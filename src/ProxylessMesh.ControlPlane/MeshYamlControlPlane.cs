using Microsoft.Extensions.Logging;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane;

/// <summary>The control plane of a process that is configured by a file beside it: no server, no socket.</summary>
/// <param name="path">The file; a relative path is looked for in the working directory, then beside the application.</param>
internal sealed class MeshYamlControlPlane(string path) : IControlPlane
{
    private const string NodeId = "in-process";

    public async Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        var file = await MeshFileControlPlane.StartAsync(Find(path), timeProvider, loggerFactory, cancellationToken).ConfigureAwait(false);
        var servers = new XdsServerList([file.CreateTransport()], fallsBackOnReachabilityOnly: false);
        return new ControlPlaneConnection(servers, NodeFactory.ToProto(NodeConfig.Empty with { Id = NodeId }), BootstrapConfig.DefaultClientListenerTemplate, Istio: null, file.IsDeclared)
        {
            Owner = file,
        };
    }

    private static string Find(string path)
    {
        var besideApplication = Path.Combine(AppContext.BaseDirectory, path);
        return !Path.IsPathRooted(path) && !File.Exists(path) && File.Exists(besideApplication) ? besideApplication : path;
    }
}
