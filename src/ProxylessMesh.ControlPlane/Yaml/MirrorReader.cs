using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>mirror</c> and <c>mirrors</c> of a route. What gets no request is left out.</summary>
internal static class MirrorReader
{
    public static ImmutableArray<HttpMirror> Read(FieldReader route)
    {
        var mirrors = ImmutableArray.CreateBuilder<HttpMirror>();
        var single = route.Object("mirror", fields => DestinationReader.Read(fields, weight: 0));

        // The oldest spelling has an underscore: what Kubernetes gave that field, it kept.
        var share = ShareReader.Read(route, "mirrorPercentage", route.Has("mirror_percent") ? "mirror_percent" : "mirrorPercent");
        route.Accept("mirrorPercent", "mirror_percent");
        if (single is not null)
        {
            Add(single, share);
        }
        else if (share is not null)
        {
            route.Error("mirrorPercentage", "has no effect without mirror; give each of 'mirrors' its own percentage");
        }

        if (route.Has("mirror") && route.Has("mirrors"))
        {
            route.Error("mirrors", "excludes 'mirror'; move that into the list");
        }

        route.Objects("mirrors", fields =>
        {
            fields.Required("destination");
            var destination = fields.Object("destination", target => DestinationReader.Read(target, weight: 0));
            var own = ShareReader.Read(fields, "percentage");
            fields.Finish();
            if (destination is not null)
            {
                Add(destination, own);
            }

            return fields;
        });
        return mirrors.ToImmutable();

        void Add(RouteDestination destination, Share? given)
        {
            if (given?.Numerator != 0)
            {
                mirrors.Add(new HttpMirror(destination, given ?? Share.All));
            }
        }
    }
}
