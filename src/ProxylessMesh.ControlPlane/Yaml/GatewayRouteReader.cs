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
        var filters = GatewayFilterReader.Read(rule, ns, isGrpc);
        var backends = rule.Objects("backendRefs", backend => GatewayBackendReader.Read(backend, ns, isGrpc));
        var timeouts = rule.Object("timeouts", ReadTimeouts) ?? new Timeouts(null, null);
        var retries = rule.Object("retry", RetryReader.ReadGateway);
        if (rule.Has("sessionPersistence"))
        {
            rule.Warning("sessionPersistence", "has no effect in this version");
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
            Mirrors = filters.Mirrors,
            Cors = filters.Cors,

            // As istiod has it: where no retry is asked for, the time of a try is that of the request.
            Timeout = (retries is null ? timeouts.Backend ?? timeouts.Request : timeouts.Request) ?? TimeSpan.Zero,
            Retries = retries is null ? null : retries with { PerTryTimeout = timeouts.Backend },
        };
    }

    private static void CheckPrefixes(FieldReader rule, ImmutableArray<HttpMatch> matches)
    {
        if (matches.Any(match => match.Uri is not null and not { Kind: StringMatchKind.PathPrefix }))
        {
            rule.Error("filters", "ReplacePrefixMatch needs matches of type PathPrefix; use ReplaceFullPath, or change the matches");
        }
    }

    private static Timeouts ReadTimeouts(FieldReader timeouts)
    {
        // Zero is "no limit" in the Gateway API.
        var request = Limit(DurationFieldReader.Read(timeouts, "request"));
        var backend = Limit(DurationFieldReader.Read(timeouts, "backendRequest"));
        timeouts.Finish();
        if (backend > request)
        {
            timeouts.Error("backendRequest", "must not be longer than request, which covers it");
        }

        return new Timeouts(request, backend);
    }

    private static TimeSpan? Limit(TimeSpan? time) => time == TimeSpan.Zero ? null : time;

    private sealed record Timeouts(TimeSpan? Request, TimeSpan? Backend);
}
