using System.Text.Json;
using System.Text.RegularExpressions;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Requests by their hashes over real sockets, held against what a real Envoy and a real gRPC picked (see tests/data).</summary>
public sealed class HashingTests
{
    private const string SidecarNode = "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local";
    private const string RewriteRoute = "/h.rewrite.";

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    [Fact]
    public async Task Http_RecordedRequests_ReachTheHostThatEnvoyPicked()
    {
        var record = Read("envoy", "hashing.json");
        var cases = record.GetProperty("sets").GetProperty("default").GetProperty("cases").EnumerateArray().ToArray();
        await using var hosts = await Backends.StartAsync(BackendProtocol.Http1, [.. Enumerable.Range(0, 4).Select(static i => $"host-{i}")]);
        var resources = new List<Any>();
        foreach (var cluster in record.GetProperty("clusters").EnumerateObject())
        {
            var fields = cluster.Value.EnumerateObject().Where(static field => field.Name != "weights").Select(static field => $"\"{field.Name}\": {field.Value.GetRawText()}");
            resources.Add(EdsCluster(cluster.Name, string.Join(", ", fields)));
            resources.Add(hosts.Endpoints(cluster.Name, [.. cluster.Value.GetProperty("weights").EnumerateArray().Select(static weight => weight.GetUInt32())]));
        }

        // As a sidecar, with the routes of all hosts of a port in one: a gRPC client would reject the ring with Murmur entries.
        var routes = new RouteConfiguration { Name = "80" };
        foreach (var testCase in cases.DistinctBy(HostOf))
        {
            var route = RouteOf(Text(testCase, "cluster"), record.GetProperty("hash_policies").GetProperty(Text(testCase, "hash_policy")));
            routes.VirtualHosts.Add(new VirtualHost { Name = HostOf(testCase), Domains = { HostOf(testCase) }, Routes = { route } });
        }

        resources.Add(Any.Pack(routes));
        await using var mesh = await StartAsync(SidecarNode, resources);

        var differences = new List<string>();
        foreach (var testCase in cases)
        {
            var request = testCase.GetProperty("request");
            using var message = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{HostOf(testCase)}{Text(request, "path")}"));
            foreach (var header in request.GetProperty("headers").EnumerateArray())
            {
                message.Headers.TryAddWithoutValidation(header[0].GetString()!, header[1].GetString());
            }

            using var response = await mesh.Client.SendAsync(message);
            if (response.Headers.GetValues("x-backend").Single() != Text(testCase, "host"))
            {
                differences.Add($"{Text(testCase, "id")}: Envoy {Text(testCase, "host")}, here {response.Headers.GetValues("x-backend").Single()}");
            }
        }

        Assert.Equal(1119, cases.Length);
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
        Assert.Empty(mesh.ControlPlane.Nacks);
    }

    [Fact]
    public async Task Grpc_RecordedCalls_ReachTheBackendThatGrpcPicked()
    {
        var record = Read("grpc", "grpc.json");
        var cases = record.GetProperty("cases").EnumerateArray().Where(static testCase => Text(testCase, "id").StartsWith("hash-", StringComparison.Ordinal)).ToArray();

        // The recorded addresses are the hash keys, the ports are whatever is free.
        await using var backends = await Backends.StartAsync(BackendProtocol.Http2, [.. Enumerable.Range(1, 4).Select(static i => $"127.31.0.{i}:7201")]);
        var clusters = record.GetProperty("clusters").EnumerateArray().Where(static cluster => Text(cluster, "name").StartsWith("ring", StringComparison.Ordinal));
        List<Any> resources = [.. clusters.Select(static cluster => Any.Pack(Parser.Parse<Cluster>(cluster.GetRawText())))];
        foreach (var endpoints in record.GetProperty("endpoints").EnumerateArray().Where(static endpoints => Text(endpoints, "cluster_name").StartsWith("ring", StringComparison.Ordinal)))
        {
            var weights = endpoints.GetProperty("endpoints")[0].GetProperty("lb_endpoints").EnumerateArray().Select(static endpoint => endpoint.GetProperty("load_balancing_weight").GetUInt32());
            resources.Add(backends.Endpoints(Text(endpoints, "cluster_name"), [.. weights]));
        }

        var policies = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var route in record.GetProperty("route").GetProperty("virtual_hosts")[0].GetProperty("routes").EnumerateArray())
        {
            if (route.TryGetProperty("route", out var action) && action.TryGetProperty("hash_policy", out var policy))
            {
                var prefix = Text(route.GetProperty("match"), "prefix");
                policies.Add(prefix, policy);
                resources.Add(Listener(NameOf(prefix), Text(action, "cluster"), policy));
            }
        }

        await using var mesh = await StartAsync("grpc-node", resources);

        var differences = new List<string>();
        var (drawn, rewritten) = (0, 0);
        foreach (var calls in cases.GroupBy(static testCase => Text(testCase, "path").Replace("Call", "", StringComparison.Ordinal)))
        {
            var client = mesh.Grpc($"xds:///{NameOf(calls.Key)}", out var channel);
            using var _ = channel;
            foreach (var testCase in calls)
            {
                var metadata = MetadataOf(testCase, out var texts);
                var reply = await client.UnaryAsync(new EchoRequest(), metadata, TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default);
                var expected = Text(testCase.GetProperty("observed").GetProperty("attempts")[0], "backend");
                if (!HasHash(policies[calls.Key], texts))
                {
                    drawn++; // nothing to hash: a backend at random, there as here
                }
                else if (reply.Backend != expected && IsRewritten(calls.Key, texts))
                {
                    rewritten++; // grpc-go takes the substitution literally, so that all such keys fall together; the route says "group 1", as Envoy does it
                }
                else if (reply.Backend != expected)
                {
                    differences.Add($"{Text(testCase, "id")}: gRPC {expected}, here {reply.Backend}");
                }
            }
        }

        Assert.Equal(165, cases.Length);
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
        Assert.Equal((2, 11), (drawn, rewritten));
        Assert.Empty(mesh.ControlPlane.Nacks);
    }

    [Theory]
    [InlineData("RING_HASH")]
    [InlineData("MAGLEV")]
    public async Task Http_BackendStops_ItsKeysGoToOneOtherEachAndTheRestStay(string policy)
    {
        await using var backends = await Backends.StartAsync(BackendProtocol.Http1, "a", "b", "c");
        await using var mesh = await StartAsync(
            "node",
            [EdsCluster("cluster", $"\"lb_policy\": \"{policy}\""), backends.Endpoints("cluster", [1, 1, 1]), Listener("orders", "cluster", Json("""[{"header": {"header_name": "x-key"}}]"""))]);
        var keys = Enumerable.Range(0, 60).Select(static i => $"user-{i}").ToArray();
        var before = await BackendsOfAsync(mesh, keys);

        await backends["b"].StopAsync();

        var after = await BackendsOfAsync(mesh, keys);
        Assert.Equal(["a", "b", "c"], before.Distinct().Order());
        Assert.Equal(["a", "c"], after.Distinct().Order());
        Assert.All(before.Zip(after), static pair => Assert.True(pair.First == pair.Second || pair.First == "b"));
        Assert.Equal(after, await BackendsOfAsync(mesh, keys));
    }

    [Fact]
    public async Task Http_CookiePolicyWithTimeToLive_GivesACookieThatLeadsBack()
    {
        await using var backends = await Backends.StartAsync(BackendProtocol.Http1, "a", "b", "c");
        await using var mesh = await StartAsync(
            "node",
            [EdsCluster("cluster", "\"lb_policy\": \"MAGLEV\""), backends.Endpoints("cluster", [1, 1, 1]), Listener("orders", "cluster", Json("""[{"cookie": {"name": "sid", "ttl": "60s", "path": "/"}}]"""))]);
        var seen = new HashSet<string>();
        for (var i = 0; i < 30; i++)
        {
            using var first = await mesh.Client.GetAsync(new Uri("http://orders/"));
            var cookie = first.Headers.GetValues("set-cookie").Single();
            using var again = new HttpRequestMessage(HttpMethod.Get, new Uri("http://orders/")) { Headers = { { "cookie", cookie.Split(';')[0] } } };
            using var second = await mesh.Client.SendAsync(again);

            Assert.EndsWith("; Max-Age=60; Path=/; HttpOnly", cookie, StringComparison.Ordinal);
            Assert.False(second.Headers.Contains("set-cookie"));
            Assert.Equal(first.Headers.GetValues("x-backend"), second.Headers.GetValues("x-backend"));
            seen.Add(first.Headers.GetValues("x-backend").Single());
        }

        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public async Task Http_RandomPolicy_ReachesEveryBackend()
    {
        await using var backends = await Backends.StartAsync(BackendProtocol.Http1, "a", "b");
        await using var mesh = await StartAsync("node", [EdsCluster("cluster", "\"lb_policy\": \"RANDOM\""), backends.Endpoints("cluster", [1, 1]), Listener("orders", "cluster", Json("[]"))]);

        // 64 draws all alike: once in 2^63 runs.
        Assert.Equal(["a", "b"], (await BackendsOfAsync(mesh, new string[64].Select(static _ => "").ToArray())).Distinct().Order());
    }

    private static Task<MeshFixture> StartAsync(string nodeId, IReadOnlyCollection<Any> resources)
        => MeshFixture.StartAsync(
            options =>
            {
                options.Bootstrap = options.Bootstrap!.Replace("test-node", nodeId, StringComparison.Ordinal);
                options.Hosts.Add("*.test");
            },
            resources);

    private static async Task<string[]> BackendsOfAsync(MeshFixture mesh, string[] keys)
    {
        var backends = new string[keys.Length];
        for (var i = 0; i < backends.Length; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("http://orders/")) { Headers = { { "x-key", keys[i] } } };
            using var response = await mesh.Client.SendAsync(request);
            backends[i] = response.Headers.GetValues("x-backend").Single();
        }

        return backends;
    }

    private static Any EdsCluster(string name, string fields)
        => Any.Pack(Parser.Parse<Cluster>($$"""{"name": "{{name}}", "type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {} } }, {{fields}} }"""));

    private static Any Listener(string name, string cluster, JsonElement hashPolicies)
        => XdsResources.InlineListener(name, XdsResources.RouteConfiguration($"{name}-routes", "*", RouteOf(cluster, hashPolicies)));

    private static Route RouteOf(string cluster, JsonElement hashPolicies)
        => Parser.Parse<Route>($$"""{"match": {"prefix": "/"}, "route": {"cluster": "{{cluster}}", "hash_policy": {{hashPolicies.GetRawText()}} } }""");

    private static Metadata MetadataOf(JsonElement testCase, out List<(string Name, string Value)> texts)
    {
        var metadata = new Metadata();
        texts = [.. testCase.GetProperty("metadata").EnumerateArray().Select(static entry => (entry[0].GetString()!, entry[1].GetString()!))];
        foreach (var (name, value) in texts)
        {
            if (name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
            {
                metadata.Add(name, System.Text.Encoding.UTF8.GetBytes(value));
            }
            else
            {
                metadata.Add(name, value);
            }
        }

        return metadata;
    }

    private static bool HasHash(JsonElement policies, List<(string Name, string Value)> metadata)
        => policies.EnumerateArray()
            .Select(static policy => Text(policy.GetProperty("header"), "header_name"))
            .Any(name => !name.EndsWith("-bin", StringComparison.Ordinal) && metadata.Any(entry => entry.Name == name));

    private static bool IsRewritten(string prefix, List<(string Name, string Value)> metadata)
        => prefix.StartsWith(RewriteRoute, StringComparison.Ordinal)
            && metadata.Any(static entry => entry.Name == "x-k" && Regex.IsMatch(entry.Value, "^user-([0-9]+)-.*$", RegexOptions.NonBacktracking));

    private static string NameOf(string prefix) => prefix.Trim('/').Replace('.', '-');

    private static string HostOf(JsonElement testCase) => Text(testCase.GetProperty("request"), "host");

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;

    private static JsonElement Read(params string[] path)
        => JsonDocument.Parse(File.ReadAllBytes(Path.Combine([AppContext.BaseDirectory, "data", .. path]))).RootElement;

    /// <summary>Backends whose names are their hash keys.</summary>
    private sealed class Backends : IAsyncDisposable
    {
        private readonly List<Backend> _backends = [];

        public Backend this[string id] => _backends.Single(backend => backend.Id == id);

        public static async Task<Backends> StartAsync(BackendProtocol protocol, params string[] ids)
        {
            var backends = new Backends();
            foreach (var id in ids)
            {
                backends._backends.Add(await Backend.StartAsync(id, protocol));
            }

            return backends;
        }

        /// <summary>The first backends, as many as there are weights.</summary>
        public Any Endpoints(string cluster, uint[] weights)
        {
            var assignment = XdsResources.LoadAssignment(cluster, _backends.Take(weights.Length).Select(static backend => (backend.Address, backend.Port)));
            for (var i = 0; i < weights.Length; i++)
            {
                var endpoint = assignment.Endpoints[0].LbEndpoints[i];
                endpoint.LoadBalancingWeight = weights[i];
                endpoint.Metadata = new Envoy.Config.Core.V3.Metadata
                {
                    FilterMetadata = { ["envoy.lb"] = new Struct { Fields = { ["hash_key"] = Value.ForString(_backends[i].Id) } } },
                };
            }

            return Any.Pack(assignment);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var backend in _backends)
            {
                await backend.DisposeAsync();
            }
        }
    }
}
