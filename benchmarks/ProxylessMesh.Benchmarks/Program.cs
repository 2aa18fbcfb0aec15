using BenchmarkDotNet.Running;
using ProxylessMesh.Benchmarks.AheadOfTime;
using ProxylessMesh.Benchmarks.EndToEnd;
using ProxylessMesh.Benchmarks.Scale;

return args switch
{
    ["aot"] => await AotRun.MainAsync(),
    ["e2e", .. var options] => await EndToEndRun.MainAsync(options),
    ["scale"] => await ScaleRun.MainAsync(),
    [BackendProcess.Verb] => await BackendProcess.MainAsync(),
    _ => RunBenchmarks(),
};

int RunBenchmarks()
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}
