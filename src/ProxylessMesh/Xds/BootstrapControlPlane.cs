using System.Collections.Immutable;
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
        foreach (var (name, authority) in bootstrap.Authorities)
        {
            LogAuthority(logger, bootstrap.Origin, name, authority.Servers.IsEmpty ? "the same" : string.Join(", then ", authority.Servers.Select(static server => server.ServerUri)));
        }

        var lists = new XdsServerLists(server => new GrpcXdsTransport(server, new GrpcXdsTransportOptions(), timeProvider, logger));
        var servers = lists.Get(bootstrap.Servers, fallsBackOnReachabilityOnly: false);
        return Task.FromResult(new ControlPlaneConnection(servers, NodeFactory.ToProto(bootstrap.Node), bootstrap.ClientListenerTemplate, bootstrap.IstioIdentity, static _ => false)
        {
            Authorities = bootstrap.Authorities.ToImmutableDictionary(
                static authority => authority.Key,
                authority => new ControlPlaneAuthority(
                    authority.Value.ClientListenerTemplate,
                    lists.Get(authority.Value.Servers.IsEmpty ? bootstrap.Servers : authority.Value.Servers, authority.Value.FallsBackOnReachabilityOnly)),
                StringComparer.Ordinal),
            Dialect = bootstrap.IstioDialect,
            IsGrpcDialect = bootstrap.IstioIdentity is null,
        });
    }

    [LoggerMessage(1, LogLevel.Information, "Bootstrap from {Origin}: control plane {Servers}, node ID '{NodeId}'")]
    private static partial void LogServers(ILogger logger, string origin, string servers, string nodeId);

    [LoggerMessage(3, LogLevel.Information, "Bootstrap from {Origin}: control plane of authority '{Authority}': {Servers}")]
    private static partial void LogAuthority(ILogger logger, string origin, string authority, string servers);

    [LoggerMessage(2, LogLevel.Warning, "Bootstrap from {Origin}: {Warning}")]
    private static partial void LogWarning(ILogger logger, string origin, string warning);
}
