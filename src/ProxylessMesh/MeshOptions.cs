using ProxylessMesh.Xds;

namespace ProxylessMesh;

/// <summary>What the user of the mesh sets. Bound to the configuration section <c>Mesh</c> by <c>builder.AddMesh()</c>.</summary>
public sealed class MeshOptions
{
    /// <summary>The configuration section that <c>builder.AddMesh()</c> binds to these options.</summary>
    public const string SectionName = "Mesh";

    /// <summary>
    /// The xDS bootstrap (gRFC A27): the path of a JSON file, or the JSON itself when it starts with <c>{</c>. The environment
    /// variables <c>GRPC_XDS_BOOTSTRAP</c> (a path) and <c>GRPC_XDS_BOOTSTRAP_CONFIG</c> (JSON) win over it.
    /// </summary>
    /// <value>The default is <see langword="null"/>: the environment decides.</value>
    public string? Bootstrap { get; set; }

    /// <summary>
    /// Whether every client of HttpClientFactory and GrpcClientFactory goes through the mesh. When off, only the clients
    /// with <c>AddMeshHandler()</c> do. Requests to hosts outside the mesh are sent as without it.
    /// </summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool EnrollAllClients { get; set; } = true;

    /// <summary>
    /// Hosts that belong to the mesh besides single-label names, <c>*.svc.cluster.local</c> and what <c>mesh.yaml</c>
    /// declares: exact names, or <c>*.suffix</c> for every name below it. <c>https</c> URIs, IP addresses and localhost
    /// never do.
    /// </summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>
    /// Authorities whose configuration is asked for at start-up instead of by their first request, such as <c>orders</c>,
    /// <c>orders:8080</c> or, of an authority of the bootstrap (gRFC A47), <c>xds://authority/orders</c>.
    /// </summary>
    public IList<string> Preload { get; } = [];

    /// <summary>
    /// How long start-up waits for the configuration of all <see cref="Preload"/> authorities, their clusters and endpoints
    /// included. When it has not come by then, start-up fails with a <see cref="TimeoutException"/> that names what is missing.
    /// </summary>
    /// <value>The default is <see langword="null"/>: start-up does not wait. Otherwise greater than zero.</value>
    public TimeSpan? WaitForConfiguration { get; set; }

    /// <summary>
    /// Where services outside the cluster are dialled of which istiod tells no endpoints (node metadata <c>GENERATOR=grpc</c>: a ServiceEntry
    /// resolved by DNS, an ExternalName): by the service's host, or <c>host:port</c> for one of its ports, the host or IP address to dial
    /// instead, with a port unless that is the service's. A colon separates sections in configuration files, so that keys with a port are
    /// for code only.
    /// </summary>
    /// <value>The default is empty: such a service is dialled at its own host and port.</value>
    public IDictionary<string, string> ExternalServices { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>What becomes of endpoints for which the control plane asks for TLS.</summary>
    /// <value>The default is <see cref="UpstreamTlsMode.Required"/>: they get no requests in this version.</value>
    public UpstreamTlsMode UpstreamTls { get; set; }

    /// <summary>
    /// Whether a warning names each client in the mesh that has a resilience handler of its own (<c>AddStandardResilienceHandler</c>,
    /// <c>AddResilienceHandler</c>, Polly's <c>AddPolicyHandler</c>): at start-up, where clients with handlers are made for that, or when the client is first used. The
    /// tries of both add up; they do not multiply, warned of or not.
    /// </summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool WarnAboutResilienceHandlers { get; set; } = true;

    /// <summary>The application's own HTTP filters. A field, as the one below is.</summary>
    internal readonly List<IHttpFilterFactory> HttpFilters = [];

    /// <summary>Where configuration comes from when it is not the bootstrap. A field, because the binder would take a property for a setting.</summary>
    internal IControlPlane? ControlPlane;

    /// <summary>
    /// Adds a kind of HTTP filter of the application's own: what the control plane says of its types (<see cref="IHttpFilterFactory.TypeUrls"/>) is
    /// carried out then, instead of rejected. Harmless when repeated with the same factory.
    /// </summary>
    /// <param name="factory">Makes the filters. Start-up fails with an <see cref="InvalidOperationException"/> where two factories name one type, or one names a type of the mesh's own.</param>
    /// <returns>These options.</returns>
    public MeshOptions AddHttpFilter(IHttpFilterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        HttpFilters.Add(factory);
        return this;
    }
}
