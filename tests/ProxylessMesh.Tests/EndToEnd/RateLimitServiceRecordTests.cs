using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Envoy.Config.Core.V3;
using Envoy.Service.Ratelimit.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds.Resources;
using Code = Envoy.Service.Ratelimit.V3.RateLimitResponse.Types.Code;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>
/// What Envoy asked a rate limit service and made of its answers, and what the mesh asks and makes of them (see tests/data/envoy/README.md). The
/// service answers as the recorded one did.
/// </summary>
public sealed class RateLimitServiceRecordTests
{
    private const string Internal = "a client's own requests are internal ones, which Envoy took the recorded caller's for external";
    private const string OwnAddress = "a client's own requests come from the process, whoever they are made for: x-forwarded-for of a request to send is not believed";

    /// <summary>Each row: a configuration or an action list, and what differs where it is used, and why.</summary>
    private static readonly (string Config, string Actions, string Request, string Reason)[] Exceptions =
    [
        ("external-only", "", "", Internal),
        ("", "remote", "bob", OwnAddress),
        ("", "masked", "bob", OwnAddress),
    ];

    private readonly ConcurrentDictionary<string, HashSet<string>> _used = new();

    [Fact]
    public async Task Send_RecordedCases_AskAndAnswerAsEnvoy()
    {
        var record = await LimitRecords.ReadAsync("services.json");
        var cases = record.GetProperty("sets").GetProperty("default").GetProperty("cases").EnumerateArray().Where(static testCase => Text(testCase, "kind") == "ratelimit").ToArray();
        var forwarded = new ConcurrentDictionary<string, string>();
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, async context =>
        {
            forwarded[context.Request.Headers[LimitRecords.CaseId].ToString()] = context.Request.Headers["x-to-up"].ToString();
            context.Response.Headers["x-backend"] = "up";
            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("ok");
        });

        // One configuration, one service for each of its answers: that is how the service knows what to answer.
        var differences = new List<string>();
        foreach (var group in cases.GroupBy(static testCase => (Config: Text(testCase, "config"), Answer: Text(testCase, "answer"))))
        {
            var clock = new FakeTimeProvider();
            await using var service = await RateLimitServer.StartAsync((request, context) => AnswerAsync(group.Key.Answer, clock, request, context));
            await using var mesh = await StartAsync(record, group.Key.Config, clock, backend.Port, service.Port);
            var asked = 0;
            foreach (var testCase in group)
            {
                using var request = LimitRecords.Request(testCase, "orders");
                using var response = await mesh.Client.SendAsync(request);
                var id = Text(testCase, "id");
                var questions = service.Requests.Skip(asked).ToArray();
                asked += questions.Length;
                var actual = $"{await LimitRecords.ActualAsync(response)}, upstream '{forwarded.GetValueOrDefault(id, "nothing")}', asked {Canonical(questions)}";
                var expected = $"{LimitRecords.Expected(testCase)}, upstream '{Upstream(testCase)}', asked {Canonical(testCase.GetProperty("asked"))}";
                if (actual == expected)
                {
                    continue;
                }

                if (Exceptions.FirstOrDefault(exception => Covers(exception, testCase)) is { Reason: not null } found)
                {
                    _used.GetOrAdd($"{found.Config}/{found.Actions}", static _ => []).Add(id);
                }
                else
                {
                    differences.Add($"{id}:\n  Envoy {expected}\n  here  {actual}");
                }
            }
        }

        Assert.Equal(320, cases.Length);
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
        Assert.All(Exceptions, exception => Assert.True(_used.ContainsKey($"{exception.Config}/{exception.Actions}"), $"not needed: {exception}"));
    }

    private static async Task<MeshFixture> StartAsync(JsonElement record, string config, TimeProvider clock, int backend, int service)
    {
        var filter = JsonNode.Parse(record.GetProperty("ratelimit").GetProperty(config).GetRawText())!.AsObject();
        filter["@type"] = $"{ResourceJson.Type}envoy.extensions.filters.http.ratelimit.v3.RateLimit";
        filter["domain"] = "shop";
        filter["timeout"] = "0.02s"; // by a clock that stands still, but where the service is slow on purpose
        filter["rate_limit_service"] = JsonNode.Parse("""{"grpc_service": {"envoy_grpc": {"cluster_name": "outbound|8081||limits"} }, "transport_api_version": "V3"}""");
        var hosts = string.Join(',', record.GetProperty("actions").EnumerateObject().Select(static actions => LimitRecords.Host(actions.Name, JsonNode.Parse(actions.Value.GetRawText()))));
        return await MeshFixture.StartAsync(
            [
                FilteredMesh.Listener(new JsonObject { ["name"] = "limits", ["typedConfig"] = filter }.ToJsonString(), hosts: hosts),
                XdsResources.Cluster("up"),
                XdsResources.Endpoints("up", ("127.0.0.1", backend)),
                XdsResources.Cluster("outbound|8081||limits"),
                XdsResources.Endpoints("outbound|8081||limits", ("127.0.0.1", service)),
            ],
            clock,
            configure: static options => options.Bootstrap = WithNode(options.Bootstrap!)); // the fixture has set it
    }

    /// <summary>The name of the process is an address here, so that it is seen to be the one that Envoy's caller had.</summary>
    private static string WithNode(string bootstrap)
    {
        var node = JsonNode.Parse(bootstrap)!;
        node["node"] = new JsonObject { ["id"] = "127.0.0.1", ["cluster"] = "me", ["locality"] = new JsonObject() };
        return node.ToJsonString();
    }

    private static async Task<RateLimitResponse> AnswerAsync(string answer, FakeTimeProvider clock, RateLimitRequest request, ServerCallContext context)
    {
        switch (answer)
        {
            case "error":
                throw new RpcException(new Status(StatusCode.Unavailable, "not today"));
            case "slow":
                clock.Advance(TimeSpan.FromMilliseconds(20));
                await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken); // never answers
                break;
        }

        var isOver = answer == "over";
        var response = new RateLimitResponse
        {
            OverallCode = answer switch { "ok" => Code.Ok, "over" => Code.OverLimit, _ => Code.Unknown },
            ResponseHeadersToAdd = { new HeaderValue { Key = "x-from-rls", Value = answer } },
            RequestHeadersToAdd = { new HeaderValue { Key = "x-to-up", Value = answer } },
            RawBody = isOver ? ByteString.CopyFromUtf8("slow down") : ByteString.Empty,
        };
        foreach (var descriptor in request.Descriptors)
        {
            response.Statuses.Add(new RateLimitResponse.Types.DescriptorStatus
            {
                Code = response.OverallCode,
                LimitRemaining = isOver ? 0u : 4u,
                DurationUntilReset = Duration.FromTimeSpan(TimeSpan.FromSeconds(33)),
                CurrentLimit = new RateLimitResponse.Types.RateLimit { Name = "n", RequestsPerUnit = 5, Unit = RateLimitResponse.Types.RateLimit.Types.Unit.Minute },
            });
        }

        return response;
    }

    private static bool Covers((string Config, string Actions, string Request, string Reason) exception, JsonElement testCase)
        => (exception.Config.Length == 0 || exception.Config == Text(testCase, "config"))
            && (exception.Actions.Length == 0 || exception.Actions == Text(testCase, "actions"))
            && Text(testCase, "id").EndsWith($"/{exception.Request}", StringComparison.Ordinal) != (exception.Request.Length == 0);

    private static string Upstream(JsonElement testCase)
        => !testCase.GetProperty("observed").TryGetProperty("upstream", out var upstream)
            ? "nothing"
            : upstream[0].GetProperty("headers").EnumerateArray().Where(static header => header[0].GetString() == "x-to-up").Select(static header => header[1].GetString()!).SingleOrDefault("");

    private static string Canonical(JsonElement asked) => string.Join(" | ", asked.EnumerateArray().Select(static question => $"{Text(question, "domain")}: {string.Join(", ", question.GetProperty("descriptors").EnumerateArray().Select(static descriptor =>
        string.Join(' ', descriptor.GetProperty("entries").EnumerateArray().Select(static entry => $"{Text(entry, "key")}={Text(entry, "value")}"))))}"));

    private static string Canonical(IEnumerable<RateLimitRequest> asked) => string.Join(" | ", asked.Select(static question => $"{question.Domain}: {string.Join(", ", question.Descriptors.Select(static descriptor =>
        string.Join(' ', descriptor.Entries.Select(static entry => $"{entry.Key}={entry.Value}"))))}"));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
