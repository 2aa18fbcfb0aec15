using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ProxylessMesh;
using Resilience;

using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
var report = new Report();

// Two backends of "orders" that fail and linger now and then, one that never answers, and a rate limit service.
await using var first = await Backend.StartAsync();
await using var second = await Backend.StartAsync();
await using var shadow = await Backend.StartAsync(hangs: true);
await using var limiter = await Backend.StartRateLimitServiceAsync();
using var meshFile = new MeshFile(first.Port, second.Port, shadow.Port, limiter.Port);
meshFile.Write(Step.Plain);

// The application: one client, which knows nothing of retries, limits and mirrors, and is not restarted below.
var builder = Host.CreateApplicationBuilder(args);
builder.AddMesh().AddMeshYaml(meshFile.Path);
builder.Logging.SetMinimumLevel(LogLevel.Error);
builder.Services.AddHttpClient("orders", client => client.BaseAddress = new Uri("http://orders"));
using var host = builder.Build();
await host.StartAsync(limit.Token);
var calls = new Calls(host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders"));

try
{
    Report.Say("1. retries: a service whose every third answer is a 503");
    var (plain, plainTries) = await RunAsync(Step.Plain, "/flaky", 300);
    var (retried, retriedTries) = await RunAsync(Step.Retries, "/flaky", 300);
    Report.Numbers("without retries", ("requests", plain.Count), ("ok", Report.Percent(plain.Ok, plain.Count)), ("attempts", plainTries));
    Report.Numbers("attempts: 3", ("requests", retried.Count), ("ok", Report.Percent(retried.Ok, retried.Count)), ("attempts", retriedTries));
    report.Check("a third fails without retries, nothing with them", plain.Ok == 200 && retried.Ok == 300);
    report.Check("without retries one attempt for each request, with them fewer than two", plainTries == 300 && retriedTries is > 300 and < 600);

    Report.Say();
    Report.Say("2. perTryTimeout: a service whose every tenth answer takes 600 ms");
    var (slow, _) = await RunAsync(Step.Plain, "/tail", 100);
    var (quick, _) = await RunAsync(Step.PerTryTimeout, "/tail", 100);
    Report.Numbers("without", ("p50", Report.Milliseconds(slow.Percentile(50))), ("p99", Report.Milliseconds(slow.Percentile(99))));
    Report.Numbers("perTryTimeout: 100ms", ("p50", Report.Milliseconds(quick.Percentile(50))), ("p99", Report.Milliseconds(quick.Percentile(99))));
    report.Check("the slowest answers are cut off and made elsewhere", slow.Percentile(99) > quick.Percentile(99) && quick.Ok == 100);

    Report.Say();
    Report.Say("3. fault: 30 % of the requests are answered 503 by the mesh");
    var (faulty, reached) = await RunAsync(Step.Fault, "/", 400);
    Report.Numbers("fault", ("requests", faulty.Count), ("503", faulty.CountOf(HttpStatusCode.ServiceUnavailable)), ("reached the service", reached));
    report.Check("about 30 % fail, and never reach the service", faulty.CountOf(HttpStatusCode.ServiceUnavailable) is > 60 and < 180 && reached == faulty.Ok);

    Report.Say();
    Report.Say("4. local rate limit: a bucket of 20 tokens");
    var (local, localReached) = await RunAsync(Step.LocalLimit, "/", 50);
    Report.Numbers("local limit", ("requests", local.Count), ("ok", local.Ok), ("429", local.CountOf(HttpStatusCode.TooManyRequests)), ("reached the service", localReached));
    report.Check("20 of 50 pass, 30 are refused", local.Ok == 20 && local.CountOf(HttpStatusCode.TooManyRequests) == 30 && localReached == 20);

    Report.Say();
    Report.Say($"5. global rate limit: {RateLimitService.Limit} requests for each user, counted by a service");
    var (alice, _) = await RunAsync(Step.GlobalLimit, "/", 40, "alice");
    var bob = await calls.SendAsync("/", 10, "bob", limit.Token);
    Report.Numbers("alice", ("requests", alice.Count), ("ok", alice.Ok), ("429", alice.CountOf(HttpStatusCode.TooManyRequests)));
    Report.Numbers("bob", ("requests", bob.Count), ("ok", bob.Ok), ("429", bob.CountOf(HttpStatusCode.TooManyRequests)));
    report.Check("15 of alice's 40 pass, and all 10 of bob's", alice.Ok == 15 && alice.CountOf(HttpStatusCode.TooManyRequests) == 25 && bob.Ok == 10);

    Report.Say();
    Report.Say("6. mirror: every request also goes to a service that never answers");
    var (mirrored, primary) = await RunAsync(Step.Mirror, "/", 50);
    using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System))
    {
        while (shadow.Count < 50 && await timer.WaitForNextTickAsync(limit.Token))
        {
        }
    }

    Report.Numbers("mirror", ("requests", mirrored.Count), ("ok", mirrored.Ok), ("answered by the service", primary), ("seen by the mirror", shadow.TakeCount()), ("p50", Report.Milliseconds(mirrored.Percentile(50))));
    report.Check("all are answered, though no copy is", mirrored.Ok == 50 && primary == 50);

    Report.Say();
    Report.Say("7. explanation: why a request went where it went");
    await ChangeAsync(Step.Retries);
    using (var explained = MeshExplanation.Capture())
    {
        await calls.SendAsync("/flaky", 12, "carol", limit.Token);
        var retriedRequest = explained.Requests.OrderByDescending(request => request.Attempts.Count).First();
        Report.Say(retriedRequest.ToString());
        report.Check("it tells of the failed attempt and of the one that followed", retriedRequest.Attempts.Count > 1 && retriedRequest.Route == "orders");
    }
}
catch (OperationCanceledException) when (limit.IsCancellationRequested)
{
    report.Check("everything is over within 90 s", held: false);
}

await host.StopAsync(CancellationToken.None);
return report.ExitCode;

// A new file, and requests as soon as it is in force; how many of them the service saw.
async Task<(Outcomes Outcomes, int Attempts)> RunAsync(Step step, string path, int count, string user = "")
{
    await ChangeAsync(step);
    var outcomes = await calls.SendAsync(path, count, user, limit.Token);
    return (outcomes, first.TakeCount() + second.TakeCount());
}

async Task ChangeAsync(Step step)
{
    meshFile.Write(step);
    await calls.WaitForAsync(step, limit.Token);
    first.TakeCount();
    second.TakeCount();
}
