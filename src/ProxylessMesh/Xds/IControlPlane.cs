using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>Where the mesh's configuration comes from: a server named by a bootstrap, or a file beside the app.</summary>
internal interface IControlPlane
{
    /// <summary>
    /// Makes ready to open streams; does not wait for a server. Called once when the mesh starts.
    /// </summary>
    Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken);
}

/// <summary>A control plane, as the mesh uses it.</summary>
/// <param name="Servers">The ways to it; disposed with the mesh, as those of the authorities.</param>
/// <param name="Node">Who this process is.</param>
/// <param name="ListenerTemplate">How it names listeners (<c>client_default_listener_resource_name_template</c>).</param>
/// <param name="Istio">Set when it is Istio's.</param>
/// <param name="IsDeclared">Whether it declares a host as its own, beyond those that belong to the mesh by their form.</param>
internal sealed record ControlPlaneConnection(XdsServerList Servers, Node Node, string ListenerTemplate, IstioIdentity? Istio, Func<string, bool> IsDeclared)
{
    /// <summary>Whom to ask for <c>xdstp</c> names, by the authority in them (gRFC A47).</summary>
    public ImmutableDictionary<string, ControlPlaneAuthority> Authorities { get; init; } = ImmutableDictionary<string, ControlPlaneAuthority>.Empty;

    /// <summary>Who this process is, by name.</summary>
    public string NodeId => Node.Id;

    /// <summary>What this process is part of, by name; empty where nobody says.</summary>
    public string NodeCluster => Node.Cluster;

    /// <summary>Which resources to ask it for.</summary>
    public IstioDialect Dialect { get; init; }

    /// <summary>The servers of the default authority and of the others.</summary>
    public IEnumerable<IXdsTransport> AllServers => Servers.Servers.Concat(Authorities.Values.SelectMany(static authority => authority.Servers.Servers));

    /// <summary>What must live as long as the servers' transports; disposed after them.</summary>
    public IAsyncDisposable? Owner { get; init; }

    /// <summary>Whether it speaks to gRPC clients alone, whose routes then mean what they mean to gRPC. Not so for Istio's, nor for a file of the app's own.</summary>
    public bool IsGrpcDialect { get; init; }
}

/// <summary>One authority of resource names.</summary>
/// <param name="ListenerTemplate">How it names listeners (<c>client_listener_resource_name_template</c>).</param>
/// <param name="Servers">Whom to ask for its names; the same list as another's where they are the same servers.</param>
internal sealed record ControlPlaneAuthority(string ListenerTemplate, XdsServerList Servers);
