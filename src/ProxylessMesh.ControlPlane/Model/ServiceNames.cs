namespace ProxylessMesh.ControlPlane.Model;

/// <summary>The short forms of a Kubernetes service name, and how they are completed.</summary>
internal static class ServiceNames
{
    private const string ServiceSuffix = ".svc";
    private const string FullSuffix = ".svc.cluster.local";

    /// <summary>The host a resource of <paramref name="ns"/> means by a single label: Istio leaves names with a dot alone.</summary>
    public static string CompleteReference(string host, string ns)
        => host.Contains('.', StringComparison.Ordinal) ? host : Complete(host, ns);

    /// <summary>The full name a caller in <paramref name="ns"/> means by <c>name</c>, <c>name.ns</c> or <c>name.ns.svc</c>; any other host unchanged.</summary>
    public static string CompleteAuthority(string host, string ns)
    {
        var firstDot = host.IndexOf('.', StringComparison.Ordinal);
        if (firstDot < 0)
        {
            return Complete(host, ns);
        }

        var rest = host.AsSpan(firstDot + 1);
        if (!rest.Contains('.'))
        {
            return host + FullSuffix;
        }

        var isWithSvc = rest.EndsWith(ServiceSuffix, StringComparison.Ordinal) && !rest[..^ServiceSuffix.Length].Contains('.');
        return isWithSvc ? $"{host}.cluster.local" : host;
    }

    /// <summary>The short forms of a full name that a client in <paramref name="ns"/> may write, in istiod's order; none for any other host.</summary>
    public static IReadOnlyList<string> ShortForms(string host, string ns)
    {
        if (!host.EndsWith(FullSuffix, StringComparison.Ordinal))
        {
            return [];
        }

        var nameAndNamespace = host[..^FullSuffix.Length];
        var dot = nameAndNamespace.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0 || nameAndNamespace.IndexOf('.', dot + 1) >= 0)
        {
            return [];
        }

        // A single label means a service of the client's own namespace.
        return nameAndNamespace.AsSpan(dot + 1).SequenceEqual(ns)
            ? [nameAndNamespace[..dot], nameAndNamespace + ServiceSuffix, nameAndNamespace]
            : [nameAndNamespace, nameAndNamespace + ServiceSuffix];
    }

    /// <summary>The host of a Kubernetes Service.</summary>
    public static string FullName(string name, string ns) => Complete(name, ns);

    private static string Complete(string label, string ns) => $"{label}.{ns}{FullSuffix}";
}
