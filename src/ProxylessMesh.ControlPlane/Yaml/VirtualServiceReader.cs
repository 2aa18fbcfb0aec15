using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the spec of a VirtualService.</summary>
internal static class VirtualServiceReader
{
    public static VirtualService Read(ResourceIdentity identity, FieldReader spec)
    {
        // Without hosts it is a delegate of another.
        var hosts = HostReader.ReadList(spec, "hosts", isRequired: false);
        var isForMesh = GatewayReader.IsForMesh(spec);
        var exportTo = VisibilityReader.ReadExportTo(spec);
        var http = spec.Objects("http", route => ReadRoute(route, identity.Namespace));
        if (http.IsEmpty && !spec.Has("tcp") && !spec.Has("tls"))
        {
            spec.Error("http", "must list at least one route");
        }

        spec.Finish("tcp", "tls");
        return new VirtualService { Identity = identity, Hosts = hosts, Http = http, Source = spec.Self, ExportTo = exportTo, IsForMesh = isForMesh };
    }

    private static HttpRoute ReadRoute(FieldReader route, string ns)
    {
        var result = new HttpRoute
        {
            Name = route.String("name") ?? "",
            Matches = route.Objects("match", HttpMatchReader.Read),
            Destinations = route.Objects("route", ReadDestination),
            Redirect = route.Object("redirect", LocalActionReader.ReadRedirect),
            DirectResponse = route.Object("directResponse", LocalActionReader.ReadDirectResponse),
            Rewrite = route.Object("rewrite", HttpRewriteReader.Read),
            Headers = route.Object("headers", HeaderOperationsReader.Read) ?? HeaderOperations.None,
            Timeout = DurationFieldReader.Read(route, "timeout"),
            Retries = route.Object("retries", RetryReader.Read),
            Fault = route.Object("fault", FaultReader.Read),
            Mirrors = MirrorReader.Read(route),
            Cors = route.Object("corsPolicy", CorsPolicyReader.Read),
            Delegate = route.Object("delegate", fields => ReadDelegate(fields, ns)),
            Source = route.Self,
        };
        route.Finish();
        CheckAction(result, route);
        CheckAuthority(result, route);
        CheckWeights(result.Destinations, route);
        return result;
    }

    private static void CheckAction(HttpRoute result, FieldReader route)
    {
        string[] actions = ["redirect", "directResponse", "delegate"];
        var local = actions.FirstOrDefault(route.Has);
        if (local is null)
        {
            if (result.Destinations.IsEmpty)
            {
                route.Error("route", "must list at least one destination; or give redirect, directResponse or delegate");
            }

            return;
        }

        // A delegate's routes take over what the route says of rewriting and time.
        string[] excluded = local == "delegate" ? ["route", "directResponse"] : ["route", "directResponse", "delegate", "rewrite", "timeout", "retries", "mirror", "mirrors"];
        foreach (var other in excluded)
        {
            if (other != local && route.Has(other))
            {
                var reason = local == "delegate" ? "leads elsewhere" : "answers by itself";
                route.Error(other, $"has no effect beside {local}, which {reason}; remove one of them");
            }
        }
    }

    private static DelegateReference ReadDelegate(FieldReader fields, string ns)
    {
        var name = fields.RequiredString("name");
        var reference = new DelegateReference(fields.String("namespace") ?? ns, name, fields.Field("name"));
        fields.Finish();
        return reference;
    }

    // Istio refuses two as well: which of them would win is nothing to guess.
    private static void CheckAuthority(HttpRoute result, FieldReader route)
    {
        var isRewritten = result.Rewrite is { Authority.Length: > 0 };
        if (isRewritten && result.Headers.Authority.Length > 0)
        {
            route.Error("headers", "sets the host that rewrite.authority sets; remove one of them");
        }

        var isSet = isRewritten || result.Headers.Authority.Length > 0;
        for (var i = 0; isSet && i < result.Destinations.Length; i++)
        {
            if (result.Destinations[i].Headers.Authority.Length > 0)
            {
                route.Error(
                    result.Destinations[i].Source with { Path = $"{route.Path}.route[{i}].headers" },
                    "sets the host that the route sets already; remove one of them");
            }
        }
    }

    private static RouteDestination ReadDestination(FieldReader weighted)
    {
        weighted.Required("destination");
        var weight = (uint)(weighted.Integer("weight", 0, int.MaxValue) ?? 0);
        var destination = weighted.Object("destination", fields => DestinationReader.Read(fields, weight));
        var headers = weighted.Object("headers", HeaderOperationsReader.Read) ?? HeaderOperations.None;
        weighted.Finish();
        return (destination ?? new RouteDestination { Source = weighted.Self, Host = "", Weight = weight }) with { Headers = headers };
    }

    // One destination takes everything, whatever its weight; of several, those without weight take nothing.
    private static void CheckWeights(ImmutableArray<RouteDestination> destinations, FieldReader route)
    {
        if (destinations.Length < 2)
        {
            return;
        }

        var total = destinations.Sum(destination => (long)destination.Weight);
        if (total is 0 or > uint.MaxValue)
        {
            route.Error("route", $"the weights of several destinations must add up to 1..{uint.MaxValue}, not {total}; give each a weight");
            return;
        }

        for (var i = 0; i < destinations.Length; i++)
        {
            if (destinations[i].Weight == 0)
            {
                route.Warning("route", $"[{i}] ({destinations[i].Host}) has no weight and gets no requests");
            }
        }
    }
}
