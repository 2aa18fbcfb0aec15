using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>How a real Envoy tried 1,345 requests under 34 policies, and how they are tried here, over real sockets (see tests/data/envoy/README.md).</summary>
[Collection(nameof(Alone))]
public sealed class PolicyRecordTests
{
    private const string SidecarNode = "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local";
    private const string CaseId = "x-case";
    private const string ViaUpstream = "via_upstream";
    private const int AtOnce = 12;

    /// <summary>Each row: what a difference is about, in which cases, and why it is meant to be.</summary>
    private static readonly (string What, Func<JsonElement, bool> Covers, string Reason)[] Exceptions =
    [
        ("end", static testCase => Details(testCase).StartsWith("upstream_reset_after_response_started", StringComparison.Ordinal), "the caller reads the body, and is told by its own read that it broke off: the response had been handed over by then"),
    ];

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _scripts = new(StringComparer.Ordinal);

    /// <summary>With an explanation, which says flags and details in Envoy's words; and without, as nearly all requests go.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_RecordedPolicies_IsTriedAsEnvoyTriedIt(bool isExplained)
    {
        using var record = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "data", "envoy", "policy.json")));
        var cases = record.RootElement.GetProperty("sets").GetProperty("default").GetProperty("cases").EnumerateArray().ToArray();
        foreach (var testCase in cases)
        {
            _scripts[Text(testCase, "id")] = Text(testCase, "backend").Split(',');
        }

        await using var backend = Http1Peer.Start(AnswerAsync);
        await using var mesh = await StartAsync(record.RootElement.GetProperty("policies"), cases, backend.Port);
        using var client = new HttpMessageInvoker(mesh.Mesh.CreateHandler());
        var differences = new ConcurrentBag<(JsonElement Case, string What, string Text)>();

        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (testCase, _) => await CompareAsync(client, isExplained, testCase, differences));

        // What takes a tenth of a second on a machine of its own may take longer beside others: those are given a second chance, one by one.
        var again = differences.Select(static difference => difference.Case).DistinctBy(static testCase => Text(testCase, "id")).Where(IsTimed).ToArray();
        var left = new ConcurrentBag<(JsonElement Case, string What, string Text)>(differences.Where(static difference => !IsTimed(difference.Case)));
        foreach (var testCase in again)
        {
            await CompareAsync(client, isExplained, testCase, left);
        }

        Assert.Equal(1345, cases.Length);
        Assert.Empty(mesh.ControlPlane.Nacks);
        var unexpected = left.Where(static difference => !Exceptions.Any(row => row.What == difference.What && row.Covers(difference.Case))).Select(static difference => difference.Text).Order().ToArray();
        Assert.True(unexpected.Length == 0, $"{unexpected.Length} differences:\n{string.Join('\n', unexpected)}");
        Assert.All(Exceptions, row => Assert.True(!isExplained || left.Any(difference => row.What == difference.What && row.Covers(difference.Case)), $"Not needed: {row.Reason}"));
    }

    private static Task<MeshFixture> StartAsync(JsonElement policies, JsonElement[] cases, int port)
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var refusing = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        List<Any> resources = [Cluster("up"), Cluster("refused"), Any.Pack(XdsResources.LoadAssignment("up", [("127.0.0.1", port)])), Any.Pack(XdsResources.LoadAssignment("refused", [("127.0.0.1", refusing)]))];
        var routes = new RouteConfiguration { Name = "80" };
        foreach (var testCase in cases.DistinctBy(HostOf))
        {
            var action = Parser.Parse<RouteAction>(policies.GetProperty(Text(testCase, "policy")).GetRawText());
            action.Cluster = Text(testCase, "cluster");
            var host = HostOf(testCase);
            routes.VirtualHosts.Add(new VirtualHost
            {
                Name = host,
                Domains = { host },
                IncludeRequestAttemptCount = true,
                IncludeAttemptCountInResponse = true,
                Routes = { new Route { Match = new RouteMatch { Prefix = "/" }, Route_ = action } },
            });
        }

        resources.Add(Any.Pack(routes));
        return MeshFixture.StartAsync(
            options =>
            {
                options.Bootstrap = options.Bootstrap!.Replace("test-node", SidecarNode, StringComparison.Ordinal);
                options.Hosts.Add("*.test");
            },
            resources);
    }

    /// <summary>Room for as many retries as there are cases under way: they were recorded one by one.</summary>
    private static Any Cluster(string name)
        => Any.Pack(Parser.Parse<Cluster>($$"""{"name": "{{name}}", "type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {} } }, "circuit_breakers": {"thresholds": [{"max_retries": 1000}]} }"""));

    private async Task CompareAsync(HttpMessageInvoker client, bool isExplained, JsonElement testCase, ConcurrentBag<(JsonElement Case, string What, string Text)> differences)
    {
        var id = Text(testCase, "id");
        _seen[id] = new ConcurrentQueue<string>();
        var envoy = testCase.GetProperty("observed");
        using var capture = isExplained ? MeshExplanation.Capture() : null;
        var answer = await SendAsync(client, testCase);
        Compare("answer", AnswerOf(testCase), answer);
        var expected = envoy.GetProperty("upstream_headers").EnumerateArray().Select(static headers => Hop(headers.EnumerateArray().Select(static header => (header[0].GetString()!, header[1].GetString()!)))).ToArray();
        var seen = _seen[id].ToArray();

        // What is left is some of it.
        var comparable = seen.Select((attempt, i) => i < expected.Length && expected[i].EndsWith("remaining", StringComparison.Ordinal) ? Remaining(attempt) : attempt);
        Compare("attempts", string.Join(" | ", expected), string.Join(" | ", comparable));
        if (capture is not null)
        {
            var log = envoy.GetProperty("envoy");
            var explanation = capture.Requests.Single();
            Compare("end", $"{Text(log, "details")} {(log.TryGetProperty("flags", out var flags) ? flags.GetString() : "")}", $"{explanation.ResponseDetails} {explanation.ResponseFlags}");
        }

        void Compare(string what, string there, string here)
        {
            if (there != here)
            {
                differences.Add((testCase, what, $"{id} '{Text(testCase, "backend")}' {what}: Envoy '{there}', here '{here}'"));
            }
        }
    }

    private static string AnswerOf(JsonElement testCase)
    {
        var downstream = testCase.GetProperty("observed").GetProperty("downstream");
        if (downstream.TryGetProperty("reset", out _))
        {
            return "broken off";
        }

        var headers = downstream.GetProperty("headers").EnumerateArray().ToDictionary(static header => header[0].GetString()!, static header => header[1].GetString()!);
        var grpc = headers.GetValueOrDefault("grpc-status");

        // What the mesh answers by itself is an exception, which has no body and no headers; a gRPC status where one was asked for.
        return Details(testCase) == ViaUpstream
            ? $"{downstream.GetProperty("status")} grpc {grpc} after {headers.GetValueOrDefault("x-envoy-attempt-count")}: {Text(downstream, "body")}"
            : $"{downstream.GetProperty("status")} grpc {grpc}";
    }

    private static async Task<string> SendAsync(HttpMessageInvoker client, JsonElement testCase)
    {
        var request = testCase.GetProperty("request");
        using var message = new HttpRequestMessage(new HttpMethod(Text(request, "method")), new Uri($"http://{HostOf(testCase)}{Text(request, "path")}"));
        if (request.TryGetProperty("body", out var body))
        {
            message.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body.GetString()!));
        }

        foreach (var header in request.GetProperty("headers").EnumerateArray())
        {
            var (name, value) = (header[0].GetString()!, header[1].GetString()!);
            if (name == "content-type")
            {
                (message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }

        message.Headers.Add(CaseId, Text(testCase, "id"));
        try
        {
            using var response = await client.SendAsync(message, CancellationToken.None).WaitAsync(TestTimeouts.Default);
            var text = await response.Content.ReadAsStringAsync();
            var grpc = response.Headers.TryGetValues("grpc-status", out var status) ? status.Single() : "";
            return response.Headers.TryGetValues("x-envoy-attempt-count", out var count)
                ? $"{(int)response.StatusCode} grpc {grpc} after {count.Single()}: {text}"
                : $"{(int)response.StatusCode} grpc {grpc}";
        }
        catch (MeshRequestException exception)
        {
            return $"{(int)exception.StatusCode!} grpc ";
        }
        catch (HttpRequestException)
        {
            return "broken off";
        }
    }

    /// <summary>Answers one request on each connection, so that the HTTP stack has none to use again: it tries again by itself when such a one closes without a word.</summary>
    private async Task AnswerAsync(Http1PeerConnection connection)
    {
        if (await connection.NextRequestAsync() is not { } head)
        {
            return;
        }

        var headers = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line => line.Split(": ", 2)).Select(static pair => (Name: pair[0].ToLowerInvariant(), Value: pair[1])).ToArray();
        var id = headers.Single(static header => header.Name == CaseId).Value;
        var seen = _seen[id];
        var script = _scripts[id];
        var parts = script[Math.Min(seen.Count, script.Length - 1)].Split('+');
        seen.Enqueue(Hop(headers.Where(static header => header.Name.StartsWith("x-envoy-", StringComparison.Ordinal))));
        var more = string.Concat(parts.Skip(1).Select(static header => $"{header.Replace("=", ": ", StringComparison.Ordinal)}\r\n"));
        switch (parts[0])
        {
            case "reset":
                connection.Abort();
                return;

            case "half":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok");
                return;

            case var grpc when grpc.StartsWith("grpc", StringComparison.Ordinal):
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\ngrpc-status: {grpc[4..]}\r\n{more}\r\n");
                return;

            case var slow when slow.StartsWith("slow", StringComparison.Ordinal):
                await Task.Delay(TimeSpan.FromMilliseconds(int.Parse(slow[4..], CultureInfo.InvariantCulture)), TimeProvider.System);
                parts[0] = "200";
                break;
        }

        var body = head.StartsWith("HEAD", StringComparison.Ordinal) || parts[0] == "304" ? "" : "ok";
        await connection.SendAsync($"HTTP/1.1 {parts[0]} As-Said\r\nConnection: close\r\nContent-Length: 2\r\nx-backend: up\r\n{more}\r\n{body}");
    }

    private static bool IsTimed(JsonElement testCase) => Text(testCase, "policy") is "timeout" or "timeout-retry" or "idle" or "hedge" || Text(testCase, "policy").StartsWith("per-try", StringComparison.Ordinal);

    private static string Hop(IEnumerable<(string Name, string Value)> headers)
        => string.Join(' ', headers.OrderBy(static header => header.Name, StringComparer.Ordinal).Select(static header => $"{header.Name}: {header.Value}"));

    private static string Remaining(string hop)
    {
        var at = hop.LastIndexOf(' ');
        return int.TryParse(hop.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var left) && left is > 0 and <= 15_000 ? $"{hop[..at]} remaining" : hop;
    }

    /// <summary>The recorded host is the policy's name, which need not be a host's; which it is does not matter.</summary>
    private static string HostOf(JsonElement testCase)
        => Text(testCase.GetProperty("request"), "host") is { Length: > 60 } ? $"many.{Text(testCase, "cluster")}.test" : Text(testCase.GetProperty("request"), "host").Replace(',', '.');

    private static string Details(JsonElement testCase) => Text(testCase.GetProperty("observed").GetProperty("envoy"), "details");

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
