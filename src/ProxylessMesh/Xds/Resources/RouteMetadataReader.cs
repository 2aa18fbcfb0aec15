using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads the strings of a route's metadata.</summary>
internal static class RouteMetadataReader
{
    // Deeper than this nobody writes; what is, is left out.
    private const int MaxDepth = 16;

    public static RouteMetadataConfig Read(Metadata? metadata)
    {
        if (metadata is null || metadata.FilterMetadata.Count == 0)
        {
            return RouteMetadataConfig.None;
        }

        var values = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (filter, fields) in metadata.FilterMetadata)
        {
            Add(filter, [], fields, values);
        }

        return new RouteMetadataConfig(values.ToImmutable());
    }

    private static void Add(string filter, ImmutableList<string> path, Struct fields, ImmutableDictionary<string, string>.Builder values)
    {
        foreach (var (name, value) in fields.Fields)
        {
            var here = path.Add(name);
            switch (value.KindCase)
            {
                case Value.KindOneofCase.StringValue:
                    values[RouteMetadataConfig.KeyOf(filter, here)] = value.StringValue;
                    break;
                case Value.KindOneofCase.StructValue when here.Count < MaxDepth:
                    Add(filter, here, value.StructValue, values);
                    break;
            }
        }
    }
}
