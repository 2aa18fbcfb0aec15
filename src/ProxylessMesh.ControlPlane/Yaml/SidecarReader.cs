using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the egress half of a Sidecar.</summary>
internal static class SidecarReader
{
    private const string RegistryOnly = "REGISTRY_ONLY";

    public static SidecarScope Read(ResourceIdentity identity, FieldReader spec)
    {
        var scope = new SidecarScope
        {
            Identity = identity,
            Workloads = SelectorReader.Read(spec),
            Egress = spec.Objects("egress", ReadListener),
            IsRegistryOnly = ReadTrafficPolicy(spec),
        };
        spec.Finish("ingress", "inboundConnectionPool");
        return scope;
    }

    /// <summary>Reads <c>outboundTrafficPolicy</c> of a Sidecar or of the mesh.</summary>
    public static bool? ReadTrafficPolicy(FieldReader owner)
    {
        var mode = owner.Object("outboundTrafficPolicy", policy =>
        {
            var text = policy.String("mode") ?? "ALLOW_ANY";
            if (text is not ("ALLOW_ANY" or RegistryOnly))
            {
                policy.Error("mode", $"must be ALLOW_ANY or {RegistryOnly}, not '{text}'");
            }

            policy.Finish("egressProxy");
            return text;
        });
        return mode is null ? null : mode == RegistryOnly;
    }

    private static EgressListener ReadListener(FieldReader listener)
    {
        var port = listener.Object("port", ReadPort);
        var hosts = listener.Texts("hosts");
        if (hosts.IsEmpty)
        {
            listener.Error("hosts", "must list at least one namespace/host");
        }

        var result = new EgressListener(port?.Number, [.. hosts.Select(host => ReadHost(host, listener))]);
        listener.Accept("captureMode");
        listener.Finish("bind");
        return result;
    }

    private static ListenerPort ReadPort(FieldReader port)
    {
        port.Required("number");
        var number = port.Port("number");
        port.Accept("name", "protocol", "targetPort");
        port.Finish();
        return new ListenerPort(number);
    }

    private static EgressHost ReadHost(SourceText item, FieldReader listener)
    {
        var text = item.Text;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var ns = slash < 0 ? "" : text[..slash];
        var host = slash < 0 ? "" : text[(slash + 1)..].TrimEnd('.').ToLowerInvariant();
        var isNamespace = ns is ExportScope.All or ExportScope.Own or ExportScope.None || VisibilityReader.IsNamespace(ns);
        if (!isNamespace || !HostReader.IsPattern(host))
        {
            listener.Error(item.Source, $"'{text}' must be namespace/host; the namespace may be '*', '.' or '~', the host '*' or '*.example.com'");
        }

        return new EgressHost(ns, host);
    }

    /// <summary><c>egress[].port</c>; the number is missing when it was reported.</summary>
    private sealed record ListenerPort(int? Number);
}
