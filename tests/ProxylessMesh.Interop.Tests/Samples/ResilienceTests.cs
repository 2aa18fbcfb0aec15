using System.Text.RegularExpressions;

namespace ProxylessMesh.Interop.Tests.Samples;

/// <summary>The sample of policies does what its README promises.</summary>
public sealed partial class ResilienceTests
{
    [Fact]
    public async Task Run_EveryStep_ShowsItsNumbersAndKeepsItsPromise()
    {
        var program = Path.Combine(SampleProcess.SamplesDirectory, "Resilience", "bin", SampleProcess.BuildConfiguration, "net10.0", "Resilience.dll");

        var run = await SampleProcess.RunAsync("dotnet", program);

        run.AssertExitCode(0);
        Assert.DoesNotContain("BROKEN", run.Output, StringComparison.Ordinal);
        Assert.Contains("without retries         requests: 300   ok: 66.7 %   attempts: 300", run.Lines);
        Assert.InRange(Number(run, "attempts: 3 ", "attempts"), 301, 599);
        Assert.InRange(Number(run, "fault ", "503"), 60, 180);
        Assert.Contains("local limit             requests: 50   ok: 20   429: 30   reached the service: 20", run.Lines);
        Assert.Contains("alice                   requests: 40   ok: 15   429: 25", run.Lines);
        Assert.Contains("bob                     requests: 10   ok: 10   429: 0", run.Lines);
        Assert.Equal(50, Number(run, "mirror ", "seen by the mirror"));
        Assert.Contains(run.Lines, line => line.EndsWith("it tells of the failed attempt and of the one that followed", StringComparison.Ordinal));
        Assert.True(Number(run, "perTryTimeout: 100ms", "p99") < Number(run, "without  ", "p99"));
    }

    /// <summary>The last number of that name in the line that begins so.</summary>
    private static int Number(SampleProcess run, string line, string name)
    {
        var numbers = NumberPattern().Matches(Assert.Single(run.Lines, candidate => candidate.StartsWith(line, StringComparison.Ordinal)));
        return int.Parse(numbers.Last(match => match.Groups["name"].Value == name).Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("(?:^|   )(?<name>[^:]+): (?<value>[0-9]+)")]
    private static partial Regex NumberPattern();
}
