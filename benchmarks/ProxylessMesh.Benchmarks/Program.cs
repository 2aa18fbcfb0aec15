using BenchmarkDotNet.Running;
using ProxylessMesh.Benchmarks.EndToEnd;

return args switch
{
    ["e2e", .. var options] => await EndToEndRun.MainAsync(options),
    [BackendProcess.Verb] => await BackendProcess.MainAsync(),
    _ => RunBenchmarks(),
};

int RunBenchmarks()
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}
