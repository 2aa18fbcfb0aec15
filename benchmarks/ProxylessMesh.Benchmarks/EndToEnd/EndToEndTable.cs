using System.Globalization;

namespace ProxylessMesh.Benchmarks.EndToEnd;

/// <summary>A round without the mesh and the one with it beside it.</summary>
internal sealed record Round(Sample Bare, Sample Mesh);

/// <summary>
/// The result as a Markdown table: medians over the rounds, and ratios mesh to bare as the median of each round's own ratio,
/// which may differ from the ratio of the medians.
/// </summary>
internal static class EndToEndTable
{
    public const string Header = """
        | | c | p50 us bare / mesh | ratio | p99 us bare / mesh | ratio | requests/s bare / mesh | ratio | CPU us per request bare / mesh | ratio | client B per request bare / mesh | added |
        |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
        """;

    public static string Row(string protocol, int concurrency, IReadOnlyList<Round> rounds)
    {
        var added = Median(rounds.Select(static round => round.Mesh.Bytes - round.Bare.Bytes));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {protocol} | {concurrency} | {Cells(rounds, static s => s.P50)} | {Cells(rounds, static s => s.P99)} | {Cells(rounds, static s => s.Rate)} | {Cells(rounds, static s => s.Cpu)} | {Values(rounds, static s => s.Bytes)} | {added:+0;-0} |");
    }

    private static string Cells(IReadOnlyList<Round> rounds, Func<Sample, double> of)
    {
        var ratio = Median(rounds.Select(round => of(round.Mesh) / of(round.Bare)));
        return string.Create(CultureInfo.InvariantCulture, $"{Values(rounds, of)} | {ratio:0.00}");
    }

    private static string Values(IReadOnlyList<Round> rounds, Func<Sample, double> of)
        => string.Create(CultureInfo.InvariantCulture, $"{Median(rounds.Select(round => of(round.Bare))):0} / {Median(rounds.Select(round => of(round.Mesh))):0}");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
