namespace ProxylessMesh.Interop.Tests.Samples;

/// <summary>run.sh: two services and a control plane as processes of their own.</summary>
public sealed class TwoServicesTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("two-services-tests-");

    private static string Script => Path.Combine(SampleProcess.SamplesDirectory, "TwoServices", "run.sh");

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task Run_TwiceAtOnce_EachIsAnsweredByBothVersionsAndEndsByItself()
    {
        var runs = await Task.WhenAll(RunAsync(), RunAsync());

        Assert.All(runs, run =>
        {
            run.AssertExitCode(0);
            Assert.Contains("failed requests: 0 of 100", run.Lines);
            Assert.Contains("all processes ended in order", run.Lines);
            foreach (var answers in (string[])["http  v1", "http  v2", "grpc  v1", "grpc  v2"])
            {
                Assert.Single(run.Lines, line => line.StartsWith(answers, StringComparison.Ordinal));
            }
        });
        Assert.NotEqual(Ports(runs[0]), Ports(runs[1]));
        Assert.Empty(_temporary.GetDirectories("two-services.*"));
    }

    [Fact]
    public async Task Run_NotBuilt_FailsAndSaysWhatToDo()
    {
        var run = await SampleProcess.RunAsync("bash", _temporary.FullName, [Script, "--no-build", "--configuration", "Unknown"]);

        run.AssertExitCode(1);
        Assert.Contains("Orders.dll is missing; leave out --no-build", run.Errors, StringComparison.Ordinal);
        Assert.Empty(_temporary.GetDirectories("two-services.*"));
    }

    [Fact]
    public async Task Run_UnknownArgument_FailsAndNamesIt()
    {
        var run = await SampleProcess.RunAsync("bash", Script, "--reqests");

        run.AssertExitCode(2);
        Assert.Contains("unknown argument '--reqests'", run.Errors, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Ports(SampleProcess run) => run.Lines.Where(line => line.Contains("127.0.0.1:", StringComparison.Ordinal));

    private Task<SampleProcess> RunAsync() => SampleProcess.RunAsync(
        "bash", _temporary.FullName, [Script, "--no-build", "--configuration", SampleProcess.BuildConfiguration, "--requests", "100"]);
}
