using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>
/// Given the shop's files, what is made here for its client is what a real istiod made, resource by resource and field by
/// field (see tests/data/istiod/README.md). Every difference stands in a table with its reason, and no line of a table is there
/// without a difference.
/// </summary>
public sealed class IstiodShopTests
{
    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsClusters() => AssertSame("sidecar-client", "01-cds", ResourceTypes.Cluster,
    [
        new("BlackHoleCluster", "alt_stat_name", "names statistics of a proxy"),
        new("", "alt_stat_name", "names statistics of a proxy"),
    ]);

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsEndpoints() => AssertSame("sidecar-client", "02-eds", ResourceTypes.ClusterLoadAssignment, []);

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsRoutes() => AssertSame("sidecar-client", "04-rds", ResourceTypes.RouteConfiguration, []);

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsListeners() => AssertSame("sidecar-client", "03-lds", ResourceTypes.Listener, []);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsListeners() => AssertSame("grpc-client", "01-lds", ResourceTypes.Listener, []);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsRoutes() => AssertSame("grpc-client", "02-rds", ResourceTypes.RouteConfiguration, []);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsClusters() => AssertSame("grpc-client", "03-cds", ResourceTypes.Cluster, []);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsEndpoints() => AssertSame("grpc-client", "04-eds", ResourceTypes.ClusterLoadAssignment, []);

    [Fact]
    public void Read_Shop_ErrorsAreOnlyWhatIsNotSupportedYet()
    {
        Assert.Equal([], ShopCapture.Read().Errors.Select(error => error.ToString()));
    }

    private static void AssertSame(string capture, string file, string typeUrl, Allowed[] table)
    {
        var view = ShopCapture.ViewOf(ShopCapture.Web(isGrpc: capture == "grpc-client"));
        var recorded = ShopCapture.Recorded(capture, file);
        var differences = recorded.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SelectMany(pair => JsonDifference.Between(pair.Key, pair.Value, ShopCapture.Made(view, typeUrl, pair.Key)).Select(difference => (pair.Key, difference)))
            .ToArray();
        var used = new HashSet<Allowed>();
        var unexplained = differences.Where(pair =>
        {
            var field = pair.difference.Field.Length > pair.Key.Length ? pair.difference.Field[(pair.Key.Length + 1)..] : "";
            var line = Array.Find(table, line => pair.difference.Path.Contains(line.Of, StringComparison.Ordinal) && line.Field == field);
            return line is null || (used.Add(line) && false);
        }).Select(pair => pair.difference.ToString()).ToList();
        unexplained.AddRange(table.Except(used).Select(line => $"no difference is left for '{line}'"));
        File.WriteAllLines($"/tmp/wt/diff-{capture}-{file}.txt", unexplained);

        Assert.Equal([], unexplained);
    }

    /// <summary>A difference that is as it should be.</summary>
    /// <param name="Of">Part of the path of the resources it concerns; empty: all.</param>
    /// <param name="Field">The field, with [] for list elements.</param>
    /// <param name="Reason">Why.</param>
    private sealed record Allowed(string Of, string Field, string Reason);
}
