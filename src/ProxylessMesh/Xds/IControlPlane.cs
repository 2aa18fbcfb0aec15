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
/// <param name="Servers">The ways to it in order of preference, at least one (gRFC A71); disposed with the mesh.</param>
/// <param name="Node">Who this process is.</param>
/// <param name="ListenerTemplate">How it names listeners (<c>client_default_listener_resource_name_template</c>).</param>
/// <param name="Istio">Set when it is Istio's.</param>
/// <param name="IsDeclared">Whether it declares a host as its own, beyond those that belong to the mesh by their form.</param>
internal sealed record ControlPlaneConnection(ImmutableArray<IXdsTransport> Servers, Node Node, string ListenerTemplate, IstioIdentity? Istio, Func<string, bool> IsDeclared)
{
    /// <summary>What must live as long as the servers' transports; disposed after them.</summary>
    public IAsyncDisposable? Owner { get; init; }

    /// <summary>Whether it speaks to gRPC clients alone, whose routes then mean what they mean to gRPC. Not so for Istio's, nor for a file of the app's own.</summary>
    public bool IsGrpcDialect { get; init; }
}
