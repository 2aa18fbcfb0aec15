using System.Globalization;

namespace ProxylessMesh.Interop.Tests.Samples;

/// <summary>The quickstart does what the README promises of it.</summary>
public sealed class QuickstartTests
{
    [Fact]
    public async Task Run_Redirected_ShowsSplitAndShiftWithoutAFailedRequest()
    {
        var program = Path.Combine(SampleProcess.SamplesDirectory, "Quickstart", "bin", SampleProcess.BuildConfiguration, "net10.0", "Quickstart.dll");

        var run = await SampleProcess.RunAsync("dotnet", program);

        run.AssertExitCode(0);
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.DoesNotContain("BROKEN", run.Output, StringComparison.Ordinal);
        Assert.Contains(run.Lines, line => line.EndsWith("failed requests: 0", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("failed requests: 0 of ", StringComparison.Ordinal));

        var split = RowsOf(run, columns: 6);
        var shift = RowsOf(run, columns: 8);
        Assert.Equal(["v1", "v2", "v1", "v2"], split.Select(row => row[1]));
        Assert.Equal(["v1", "v2", "v1", "v2"], shift.Select(row => row[1]));
        for (var i = 0; i < shift.Count; i++)
        {
            var isFirst = i % 2 == 0;
            Assert.InRange(Percent(split[i][3]), isFirst ? 80 : 1, isFirst ? 99 : 20);
            Assert.InRange(Percent(shift[i][3]), isFirst ? 80 : 1, isFirst ? 99 : 20);
            Assert.InRange(Percent(shift[i][6]), 40, 60);
            Assert.NotEqual(shift[i][2], shift[i][5]); // the ports
        }
    }

    /// <summary>The cells of the table with so many columns, without its head.</summary>
    private static List<string[]> RowsOf(SampleProcess run, int columns)
        => [.. run.Lines
            .Where(line => line.StartsWith('│'))
            .Select(line => line.Trim('│').Split('│', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == columns && cells[0] != "call")];

    private static double Percent(string cell) => double.Parse(cell.TrimEnd('%', ' '), CultureInfo.InvariantCulture);
}
