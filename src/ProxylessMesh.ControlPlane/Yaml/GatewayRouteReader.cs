using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the spec of a Gateway API HTTPRoute or GRPCRoute whose parents are Services.</summary>
internal static class GatewayRouteReader
{
    public const string HttpKind = "HTTPRoute";
    public const string GrpcKind = "GRPCRoute";

    private const string GatewayGroup = "gateway.networking.k8s.io";

    public static GatewayRoute Read(ResourceIdentity identity, FieldReader spec)
    {
        var parents = spec.Objects("parentRefs", parent => ReadParent(parent, identity.Namespace));
        if (!spec.Strings("hostnames").IsEmpty)
        {
            spec.Warning("hostnames", "has no effect on a route of a Service, which matches by the Service's own names");
        }

        var isGrpc = identity.Kind == GrpcKind;
        var rules = spec.Objects("rules", rule => ReadRule(rule, identity.Namespace, isGrpc));
        spec.Finish();
        if (!spec.Has("parentRefs"))
        {
            spec.Error("parentRefs", "must name at least one Service");
        }

        if (rules.IsEmpty)
        {
            spec.Error("rules", "must list at least one rule");
        }

        return new GatewayRoute { Identity = identity, Parents = [.. parents.Where(parent => parent.Name.Length > 0)], Rules = rules };
    }

    private static GatewayParent ReadParent(FieldReader parent, string ns)
    {
        var group = parent.String("group") ?? GatewayGroup;
        var kind = parent.String("kind") ?? "Gateway";
        var result = new GatewayParent(parent.Field("name"), parent.String("namespace") ?? ns, parent.RequiredString("name"), parent.Port("port"));
        parent.Accept("sectionName");
        parent.Finish();
        if (group is "" or "core" && kind == "Service")
        {
            return result;
        }

        parent.Warning("kind", $"{kind} is no parent of a client in the mesh, which only a Service (group \"\") is; it has no effect");
        return result with { Name = "" };
    }

    private static GatewayRule ReadRule(FieldReader rule, string ns, bool isGrpc)
    {
        var matches = rule.Objects("matches", match => isGrpc ? GatewayMatchReader.ReadGrpc(match) : GatewayMatchReader.ReadHttp(match));
        var filters = GatewayFilterReader.Read(rule, isGrpc);
        var backends = rule.Objects("backendRefs", backend => ReadBackend(backend, ns, isGrpc));
        var timeout = rule.Object("timeouts", ReadTimeouts)?.Request ?? TimeSpan.Zero;
        foreach (var key in (string[])["retry", "sessionPersistence"])
        {
            if (rule.Has(key))
            {
                rule.Warning(key, "has no effect in this version");
            }
        }

        rule.Accept("name");
        rule.Finish();
        if (filters.Redirect is not null && (!backends.IsEmpty || filters.Rewrite is not null))
        {
            rule.Error("filters", "a redirect answers by itself; remove it, or backendRefs and URLRewrite");
        }

        if (filters.Rewrite?.PrefixPath is not null || filters.Redirect?.PrefixUri is not null)
        {
            CheckPrefixes(rule, matches);
        }

        return new GatewayRule
        {
            Matches = matches.IsEmpty ? [GatewayMatchReader.Everything] : matches,
            Headers = filters.Headers,
            Redirect = filters.Redirect,
            Rewrite = filters.Rewrite,
            Backends = backends,
            Timeout = timeout,
        };
    }

    private static void CheckPrefixes(FieldReader rule, ImmutableArray<HttpMatch> matches)
    {
        if (matches.Any(match => match.Uri is not null and not { Kind: StringMatchKind.PathPrefix }))
        {
            rule.Error("filters", "ReplacePrefixMatch needs matches of type PathPrefix; use ReplaceFullPath, or change the matches");
        }
    }

    private static GatewayBackend ReadBackend(FieldReader backend, string ns, bool isGrpc)
    {
        var group = backend.String("group") ?? "";
        var kind = backend.String("kind") ?? "Service";
        if (group is not ("" or "core") || kind != "Service")
        {
            backend.Error("kind", $"{kind} is not supported in this version; use a Service");
        }

        backend.Required("port");
        var filters = GatewayFilterReader.Read(backend, isGrpc);
        var result = new GatewayBackend(
            backend.Field("name"),
            backend.String("namespace") ?? ns,
            backend.RequiredString("name"),
            backend.Port("port") ?? 0,
            (uint)(backend.Integer("weight", 0, 1_000_000) ?? 1),
            filters.Headers);
        backend.Finish();
        if (filters.Redirect is not null || filters.Rewrite is not null)
        {
            backend.Error("filters", "a backend takes header modifiers only; put the rest on the rule");
        }

        return result;
    }

    private static Timeouts ReadTimeouts(FieldReader timeouts)
    {
        var request = DurationFieldReader.Read(timeouts, "request");
        if (DurationFieldReader.Read(timeouts, "backendRequest") is not null)
        {
            timeouts.Warning("backendRequest", "has no effect in this version");
        }

        timeouts.Finish();
        return new Timeouts(request);
    }

    private sealed record Timeouts(TimeSpan? Request);
}
