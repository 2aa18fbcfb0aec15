using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the spec of a VirtualService.</summary>
internal static class VirtualServiceReader
{
    private const string MeshGateway = "mesh";

    public static VirtualService Read(ResourceIdentity identity, FieldReader spec)
    {
        var hosts = HostReader.ReadList(spec, "hosts");
        foreach (var gateway in spec.Strings("gateways"))
        {
            if (gateway != MeshGateway)
            {
                spec.Error("gateways", $"'{gateway}' is not supported in this version: only '{MeshGateway}', which is the default");
            }
        }

        VisibilityReader.CheckExportTo(spec);
        var http = spec.Objects("http", ReadRoute);
        if (http.IsEmpty && !spec.Has("tcp") && !spec.Has("tls"))
        {
            spec.Error("http", "must list at least one route");
        }

        spec.Finish("tcp", "tls");
        return new VirtualService { Identity = identity, Hosts = hosts, Http = http };
    }

    private static HttpRoute ReadRoute(FieldReader route)
    {
        var name = route.String("name") ?? "";
        var matches = route.Objects("match", HttpMatchReader.Read);
        var destinations = route.Objects("route", ReadDestination);
        if (destinations.IsEmpty && !route.Has("redirect") && !route.Has("directResponse") && !route.Has("delegate"))
        {
            route.Error("route", "must list at least one destination");
        }

        route.Finish(
            "corsPolicy", "delegate", "directResponse", "fault", "headers", "mirror", "mirrorPercentage", "mirrors", "redirect",
            "retries", "rewrite", "timeout");
        CheckWeights(destinations, route);
        return new HttpRoute { Name = name, Matches = matches, Destinations = destinations };
    }

    private static RouteDestination ReadDestination(FieldReader weighted)
    {
        weighted.Required("destination");
        var weight = (uint)(weighted.Integer("weight", 0, int.MaxValue) ?? 0);
        var destination = weighted.Object("destination", fields => ReadTarget(fields, weight));
        weighted.Finish("headers");
        return destination ?? new RouteDestination { Source = weighted.Self, Host = "", Weight = weight };
    }

    private static RouteDestination ReadTarget(FieldReader fields, uint weight)
    {
        var destination = new RouteDestination
        {
            Source = fields.Self,
            Host = HostReader.ReadOne(fields, "host"),
            Subset = fields.String("subset") ?? "",
            Port = fields.Object("port", ReadPortSelector)?.Number,
            Weight = weight,
        };
        fields.Finish();
        return destination;
    }

    private static PortSelector ReadPortSelector(FieldReader port)
    {
        port.Required("number");
        var number = port.Port("number");
        port.Finish();
        return new PortSelector(number);
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

    /// <summary><c>destination.port</c>; the number is missing when it was reported.</summary>
    private sealed record PortSelector(int? Number);
}
