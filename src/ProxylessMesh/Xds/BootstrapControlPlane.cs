using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>The control plane that the bootstrap names: istiod or any other xDS v3 server.</summary>
internal sealed partial class BootstrapControlPlane(string? option, IConfiguration? configuration, Func<string, string?> environment) : IControlPlane
{
    public BootstrapControlPlane(string? option, IConfiguration? configuration)
        : this(option, configuration, Environment.GetEnvironmentVariable)
    {
    }

    public Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        var bootstrap = BootstrapLoader.Load(environment, configuration, option) ?? throw new MeshBootstrapException(
            "this process",
            null,
            "is missing",
            $"Name an xDS bootstrap file in {BootstrapLoader.FileVariable} or MeshOptions.Bootstrap, or give the mesh a file of its own with AddMeshYaml (package ProxylessMesh.ControlPlane).");
        var logger = loggerFactory.CreateLogger<BootstrapControlPlane>();
        foreach (var warning in bootstrap.Warnings)
        {
            LogWarning(logger, bootstrap.Origin, warning);
        }

        LogServers(logger, bootstrap.Origin, string.Join(", then ", bootstrap.Servers.Select(static server => server.ServerUri)), bootstrap.Node.Id);
        return Task.FromResult(new ControlPlaneConnection(
            [.. bootstrap.Servers.Select(server => new GrpcXdsTransport(server, new GrpcXdsTransportOptions(), timeProvider, logger))],
            NodeFactory.ToProto(bootstrap.Node),
            bootstrap.ClientListenerTemplate,
            bootstrap.IstioIdentity,
            static _ => false)
        {
            IsGrpcDialect = bootstrap.IstioIdentity is null,
        });
    }

    [LoggerMessage(1, LogLevel.Information, "Bootstrap from {Origin}: control plane {Servers}, node ID '{NodeId}'")]
    private static partial void LogServers(ILogger logger, string origin, string servers, string nodeId);

    [LoggerMessage(2, LogLevel.Warning, "Bootstrap from {Origin}: {Warning}")]
    private static partial void LogWarning(ILogger logger, string origin, string warning);
}
