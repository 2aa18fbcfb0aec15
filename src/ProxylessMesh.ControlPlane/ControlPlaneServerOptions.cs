using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ProxylessMesh.ControlPlane;

/// <summary>What <see cref="ControlPlaneServer"/> serves, and where.</summary>
public sealed class ControlPlaneServerOptions
{
    /// <summary>
    /// The mesh file: YAML documents of the kinds of Istio, Kubernetes and the Gateway API (docs/mesh-yaml.md). Or a directory, whose
    /// files <c>*.yaml</c> and <c>*.yml</c> are one configuration. It is followed: a change comes into force by itself.
    /// </summary>
    /// <value>Default: <c>mesh.yaml</c> in the working directory.</value>
    public string ConfigurationFile { get; set; } = "mesh.yaml";

    /// <summary>
    /// Where to listen for xDS clients, in plaintext: <c>address:port</c> with an IP address or <c>localhost</c> (port 0: any
    /// free one), or <c>unix:/absolute/path</c>.
    /// </summary>
    /// <value>Default: <c>127.0.0.1:15010</c>.</value>
    public string ListenAddress { get; set; } = "127.0.0.1:15010";

    /// <summary>Where the server logs to; the server does not dispose it.</summary>
    /// <value>Default: nowhere.</value>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The clock by which the files are looked at.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
