using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quickstart;

using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
var report = new Report();

// Two versions of the service "orders" on free ports, and a mesh.yaml that sends nine requests of ten to the first.
await using var v1 = await Backend.StartAsync("v1");
await using var v2 = await Backend.StartAsync("v2");
using var meshFile = new MeshFile();
meshFile.Write(v1, 90, v2, 10);

// ---------------------------------------------------------------------------------------------------------------------
// All that an application writes to be in the mesh: the second line. The clients are the ones it has anyway.
var builder = Host.CreateApplicationBuilder(args);
builder.AddMesh().AddMeshYaml(meshFile.Path);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddHttpClient("orders", client => client.BaseAddress = new Uri("http://orders"));
builder.Services.AddGrpcClient<Greeter.GreeterClient>(client => client.Address = new Uri("xds:///orders:9090"));

using var host = builder.Build();
await host.StartAsync(limit.Token);
var http = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders");
var grpc = host.Services.GetRequiredService<Greeter.GreeterClient>();
// ---------------------------------------------------------------------------------------------------------------------

try
{
    var calls = new Calls(http, grpc);

    report.Say($"1. mesh.yaml splits 90/10: v1 on ports {v1.HttpPort} (HTTP) and {v1.GrpcPort} (gRPC), v2 on {v2.HttpPort} and {v2.GrpcPort}");
    var first = await calls.SendAsync(countOfEach: 500, limit.Token);
    report.Split(first, weight1: 0.9);
    report.Check($"failed requests: {first.Failures.Count}", first.Failures.Count == 0);

    report.Say("");
    report.Say("2. under load, mesh.yaml is rewritten to 50/50, and both versions move to new ports");
    var load = Load.Start(calls, limit.Token);
    var before = await load.TakeAsync(4000);

    await using var newV1 = await Backend.StartAsync("v1");
    await using var newV2 = await Backend.StartAsync("v2");
    meshFile.Write(newV1, 50, newV2, 50);
    var moving = await load.TakeUntilMovedAsync(newV1, newV2);

    await v1.DisposeAsync();
    await v2.DisposeAsync();
    var stopping = load.TakeArrived();
    var after = await load.TakeAsync(4000);
    var rest = await load.StopAsync();

    report.Shift(before, 0.9, after, 0.5, (call, version) => (version, call) switch
    {
        ("v1", Calls.Http) => (v1.HttpPort, newV1.HttpPort),
        ("v1", _) => (v1.GrpcPort, newV1.GrpcPort),
        (_, Calls.Http) => (v2.HttpPort, newV2.HttpPort),
        _ => (v2.GrpcPort, newV2.GrpcPort),
    });
    report.Check("before: only the old ports answer", before.AreAllFrom(v1, v2));
    report.Check("after: only the new ports answer, the old ones are closed", after.AreAllFrom(newV1, newV2));

    Answers[] all = [before, moving, stopping, after, rest];
    string[] failures = [.. all.SelectMany(answers => answers.Failures)];
    report.Check($"failed requests: {failures.Length} of {all.Sum(answers => answers.Count)}", failures.Length == 0);
    foreach (var failure in failures.Distinct().Take(5))
    {
        report.Say($"          {failure}");
    }
}
catch (OperationCanceledException) when (limit.IsCancellationRequested)
{
    report.Check("everything is over within 60 s", held: false);
}

await host.StopAsync(CancellationToken.None);
return report.ExitCode;
