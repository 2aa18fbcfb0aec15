using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>
/// Every field that istiod sets in the recordings of a client is read, or ignored on purpose and listed for it: a control plane says
/// nothing that is passed over by accident.
/// </summary>
public sealed class FieldsUsedTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "data", "istiod");

    private static readonly string[] Captures = ["grpc-client", "grpc-client-short-names", "grpc-client-update", "grpc-client-us", "two-clusters-grpc-east", "two-clusters-grpc-west", "sidecar-client", "two-clusters-sidecar-east"];

    private static readonly SeenFields Seen = SeenFields.In(Captures.SelectMany(Responses));

    [Fact]
    public void Fields_OfTheRecordings_AreThoseListed()
        => AssertNone(Seen.Fields.Except(Listed()).Order());

    [Fact]
    public void Fields_OfTheRecordings_AreAllInTheContracts()
        => Assert.Empty(Seen.UnknownFields);

    [Fact]
    public void Fields_OfTheRecordings_AreReadOrIgnoredOnPurpose()
    {
        var read = ReadFields.Of(typeof(ResourceTypes).Assembly);

        AssertNone(Seen.Fields.Where(field => !read.Contains(field) && !IgnoredFields.Reasons.ContainsKey(field)).Order());
    }

    /// <summary>A field that is read by now, or that does not occur any more, has no place in the list.</summary>
    [Fact]
    public void IgnoredFields_AreNotReadAndOccur()
    {
        var read = ReadFields.Of(typeof(ResourceTypes).Assembly);

        AssertNone(IgnoredFields.Reasons.Keys.Where(field => read.Contains(field) || !Seen.Fields.Contains(field)).Order());
        Assert.All(IgnoredFields.Reasons.Values, static reason => Assert.False(string.IsNullOrWhiteSpace(reason)));
    }

    /// <summary>Types without a contract are known by name: one that is not would reject its resource.</summary>
    [Fact]
    public void Types_WithoutAContract_AreThoseKnownByName()
        => Assert.Equal(
            [
                "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
            ],
            Seen.UnknownTypes.Order());

    private static void AssertNone(IEnumerable<string> fields)
    {
        var all = fields.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    /// <summary>A sidecar's listeners are left out: a client has no use for them, and does not ask for them.</summary>
    private static IEnumerable<Any> Responses(string capture)
        => Directory.EnumerateFiles(Path.Combine(Data, capture), "*.binpb")
            .Select(static file => DiscoveryResponse.Parser.ParseFrom(File.ReadAllBytes(file)))
            .Where(response => response.TypeUrl != ResourceTypes.Listener || !capture.Contains("sidecar", StringComparison.Ordinal))
            .SelectMany(static response => response.Resources);

    /// <summary>The fields of fields-used.txt: <c>message {field(dialect) ...}</c> on each line.</summary>
    private static HashSet<string> Listed()
    {
        var fields = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(Path.Combine(Data, "fields-used.txt")).Where(static line => !line.StartsWith('#')))
        {
            var brace = line.IndexOf(" {", StringComparison.Ordinal);
            foreach (var field in line[(brace + 2)..^1].Split(' '))
            {
                fields.Add($"{line[..brace]}.{field.Split('(')[0]}");
            }
        }

        return fields;
    }
}
