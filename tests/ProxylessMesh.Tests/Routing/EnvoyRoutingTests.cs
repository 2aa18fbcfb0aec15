using System.Globalization;
using System.Text.Json;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;
using ProxylessMesh.Routing;
using ProxylessMesh.Tests.Xds.Resources;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Routing;

/// <summary>What Envoy made of 549 requests, and what the routes here make of them (see tests/data/envoy/README.md).</summary>
public sealed class EnvoyRoutingTests
{
    /// <summary>
    /// Headers of a proxy's own, which a client neither sends nor strips: they tell the next hop of this one. What
    /// x-envoy-expected-rq-timeout-ms says is compared as the timeout that it stands for.
    /// </summary>
    private const string ProxyHeaders = "x-envoy-";

    /// <summary>Headers that frame a message: its connection's, not the routes'.</summary>
    private static readonly HashSet<string> Framing = ["content-length", "transfer-encoding", "connection"];

    /// <summary>Each row: the beginning of a request's path on a host, what differs there, and why.</summary>
    private static readonly (string Host, string Path, string Differs, string Reason)[] Exceptions =
    [
        ("time.test", "/try", "timeout", "Envoy announces the timeout of one try; the routes say that of the whole request, tries are the retry policy's"),
        ("rewrites.test", "/auto", "host", "auto_host_rewrite takes the hostname of the endpoint, which is not picked yet: the evaluation says so instead"),
        ("time.test", "/goff", "downstream", "300 ms less an offset of 500 ms leave no time: Envoy's answer is that of its clock, the evaluation's is the timeout 0"),
        ("time.test", "/short", "downstream", "a backend slower than the timeout: Envoy's answer is that of its clock, the evaluation's is the timeout"),
    ];

    private static readonly Lazy<JsonElement> Record = new(static () =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "envoy", "routing.json"))).RootElement);

    public static TheoryData<string, int> Sets => new() { { "default", 494 }, { "normalized", 21 }, { "ignore-port", 23 }, { "specific-wins", 11 } };

    [Theory]
    [MemberData(nameof(Sets))]
    public void Evaluate_RecordedRequests_DoesWhatEnvoyDid(string set, int count)
    {
        var recorded = Record.Value.GetProperty("sets").GetProperty(set);
        var evaluator = new RouteEvaluator(RoutesOf(recorded.GetProperty("route_config_patch")), static name => name != "nosuch", set == "normalized" ? new HttpConnectionConfig { Path = PathNormalizationConfig.Full } : null);
        var cases = recorded.GetProperty("cases");

        var differences = cases.EnumerateArray().SelectMany(testCase => Differences(evaluator, testCase)).ToArray();

        Assert.Equal(count, cases.GetArrayLength());
        Assert.True(differences.Length == 0, $"{differences.Length} differences:\n{string.Join('\n', differences)}");
    }

    [Fact]
    public void Exceptions_EachRow_IsNeeded()
    {
        var cases = Record.Value.GetProperty("sets").GetProperty("default");
        var evaluator = new RouteEvaluator(RoutesOf(cases.GetProperty("route_config_patch")), static name => name != "nosuch");

        foreach (var exception in Exceptions)
        {
            Assert.Contains(
                cases.GetProperty("cases").EnumerateArray(),
                testCase => Covers(exception, testCase.GetProperty("request")) && Compare(evaluator, testCase).Any(difference => difference.What == exception.Differs));
        }
    }

    private static RoutesConfig RoutesOf(JsonElement patch)
    {
        var routes = Record.Value.GetProperty("route_config").EnumerateObject().Concat(patch.EnumerateObject()).Select(static field => $"\"{field.Name}\": {field.Value.GetRawText()}");
        var result = new RoutesDecoder().Decode(ResourceJson.Routes($$"""{ {{string.Join(", ", routes)}} }"""));
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return result.Resource!;
    }

    private static IEnumerable<string> Differences(RouteEvaluator evaluator, JsonElement testCase)
        => Compare(evaluator, testCase)
            .Where(difference => !Exceptions.Any(exception => exception.Differs == difference.What && Covers(exception, testCase.GetProperty("request"))))
            .Select(difference => $"{testCase.GetProperty("id")} {difference.What}: Envoy '{difference.Envoy}', here '{difference.Here}'");

    private static bool Covers((string Host, string Path, string Differs, string Reason) exception, JsonElement request)
        => request.GetProperty("host").GetString() == exception.Host && request.GetProperty("path").GetString()!.StartsWith(exception.Path, StringComparison.Ordinal);

    private static IEnumerable<(string What, string Envoy, string Here)> Compare(RouteEvaluator evaluator, JsonElement testCase)
    {
        var request = RequestOf(testCase.GetProperty("request"));
        var envoy = testCase.GetProperty("observed");
        var here = evaluator.Evaluate(request);
        return Pairs().Where(static pair => pair.Envoy != pair.Here);

        IEnumerable<(string What, string Envoy, string Here)> Pairs()
        {
            var log = envoy.GetProperty("envoy");
            yield return ("route", Text(log, "route"), here.Route ?? "");
            yield return ("virtual cluster", Text(log, "vcluster"), here.VirtualCluster is null or "other" ? "" : here.VirtualCluster);
            var attempt = envoy.TryGetProperty("upstream", out var upstream) ? upstream[0] : default;
            yield return ("cluster", attempt.ValueKind == JsonValueKind.Object ? Text(attempt, "cluster") : "", here.Cluster ?? "");
            if (attempt.ValueKind == JsonValueKind.Object)
            {
                var sent = Headers(attempt.GetProperty("headers")).ToArray();
                yield return ("path", Text(attempt, "path"), here.Path);
                yield return ("host", sent.Single(static header => header.Key == "host").Value, here.Host);
                yield return ("request headers", Canonical(sent.Where(static header => header.Key != "host")), Canonical(here.Request.Headers.Where(static header => header.Key[0] != ':')));
                var timeout = sent.SingleOrDefault(static header => header.Key == "x-envoy-expected-rq-timeout-ms").Value;
                var isGrpcTimeout = here.Timeout is not null && timeout is null && here.Request.GetHeader("grpc-timeout").Count > 0;
                yield return ("timeout", timeout ?? "", isGrpcTimeout || here.Timeout is null ? "" : here.Timeout.Value.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
            }

            var (status, headers, body) = Answer(request, here, testCase);
            var downstream = envoy.GetProperty("downstream");
            yield return ("downstream", downstream.GetProperty("status").ToString(), status.ToString(CultureInfo.InvariantCulture));
            yield return ("downstream", Canonical(Headers(downstream.GetProperty("headers"))), Canonical(headers.Headers));
            yield return ("downstream", Text(downstream, "body"), body);
        }
    }

    /// <summary>What the caller gets: the mesh's own answer, or that of the backend that the case describes.</summary>
    private static (int Status, HeaderList Headers, string Body) Answer(RouteRequest request, RouteEvaluation here, JsonElement testCase)
    {
        var headers = new HeaderList();
        var status = here.Status;
        if (here.Cluster is not null)
        {
            status = 200;
            headers.Add("x-backend", here.Cluster == "dns" ? BackendOf(testCase) : here.Cluster);
            foreach (var extra in (Text(testCase, "backend") is { Length: > 0 } backend ? backend : "200").Split('+').Skip(1))
            {
                headers.Add(extra.Split('=')[0], extra.Split('=')[1]);
            }
        }
        else if (here.Redirect is not null)
        {
            headers.Add("location", here.Redirect);
        }

        here.Apply(status, headers);
        var isGrpc = request.Headers.Any(static header => header is { Key: "content-type", Value: "application/grpc" });
        if (here.Cluster is null && isGrpc && here.Status != 0)
        {
            headers.Set("content-type", LocalReply.Grpc);
            headers.Set("grpc-status", LocalReply.GrpcStatus(status));
            return (200, headers, "");
        }

        if (here.Body.Length > 0)
        {
            headers.Set("content-type", LocalReply.TextPlain);
        }

        return (status, headers, request.Method == "HEAD" ? "" : here.Cluster is null ? here.Body : "ok");
    }

    private static string BackendOf(JsonElement testCase)
        => Headers(testCase.GetProperty("observed").GetProperty("downstream").GetProperty("headers")).First(static header => header.Key == "x-backend").Value;

    private static RouteRequest RequestOf(JsonElement request) => new()
    {
        Authority = request.GetProperty("host").GetString()!,
        Path = request.GetProperty("path").GetString()!,
        Method = request.GetProperty("method").GetString()!,

        // On the wire, white space round a value is no part of it.
        Headers = [.. Headers(request.GetProperty("headers")).Select(static header => KeyValuePair.Create(header.Key, header.Value.Trim()))],
    };

    private static IEnumerable<KeyValuePair<string, string>> Headers(JsonElement headers)
        => headers.EnumerateArray().Select(static header => KeyValuePair.Create(header[0].GetString()!.ToLowerInvariant(), header[1].GetString()!));

    /// <summary>Sorted by name, for the order of names means nothing; that of a name's values does, but the record sorted those of requests.</summary>
    private static string Canonical(IEnumerable<KeyValuePair<string, string>> headers) => string.Join(
        "; ",
        headers
            .Where(static header => !Framing.Contains(header.Key) && !header.Key.StartsWith(ProxyHeaders, StringComparison.Ordinal))
            .OrderBy(static header => header.Key, StringComparer.Ordinal)
            .ThenBy(static header => header.Value, StringComparer.Ordinal)
            .Select(static header => $"{header.Key}={header.Value}"));

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
