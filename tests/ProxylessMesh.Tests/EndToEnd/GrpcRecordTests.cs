using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What gRPC's own xDS client did with calls, and what a channel through the mesh does with them (see tests/data/grpc/README.md).</summary>
[Collection(nameof(Alone))]
public sealed class GrpcRecordTests : IDisposable
{
    private const int AtOnce = 16;
    private const string CaseId = "x-case";
    private const string AskedFor = "x-backend-does";

    /// <summary>Where a call ends otherwise than with grpc-go, and why. Each differs from what was recorded.</summary>
    private static readonly Dictionary<string, (StatusCode Code, string Reason)> Exceptions = new(StringComparer.Ordinal)
    {
        ["deadline-0502"] = (StatusCode.Unavailable, PerTryTimeout),
        ["fault-0824"] = (StatusCode.Internal, NoMessage),
        ["fault-0825"] = (StatusCode.Internal, NoMessage),
        ["fault-0826"] = (StatusCode.Internal, NoMessage),
    };

    private const string PerTryTimeout = "gRPC cannot do the route's per_try_timeout, and only the call's own deadline ends it there; here the try ends first, as with Envoy";

    private const string NoMessage = "a unary call that ends with OK and without a message is UNKNOWN to grpc-go and INTERNAL to Grpc.Net.Client, which says so itself";

    /// <summary>What reached a backend, by the case that it was sent for.</summary>
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Attempt>> _seen = new();

    /// <summary>Nobody is let through.</summary>
    private readonly Gate _gate = new();

    /// <summary>Where calls go, and how long they may take.</summary>
    [Theory]
    [InlineData(86, "match", "special", "route")]
    [InlineData(21, "deadline")]
    [InlineData(466, "policy")]
    [InlineData(88, "fault")]
    public async Task Call_RecordedCases_EndsAsWithGrpc(int cases, params string[] groups)
    {
        using var record = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "data", "grpc", "grpc.json")));
        var backends = new List<HandlerBackend>();
        try
        {
            for (var i = 1; i <= 4; i++)
            {
                var address = $"127.31.0.{i}";
                backends.Add(await HandlerBackend.StartAsync(BackendProtocol.Http2, context => AnswerAsync(context, $"{address}:7201"), address: address, port: 7201));
            }

            await using var mesh = await MeshFixture.StartAsync(Resources(record.RootElement));
            using var channel = mesh.Mesh.CreateGrpcChannel("xds:///oracle.test");
            var invoker = channel.CreateCallInvoker();
            var again = new ConcurrentQueue<JsonElement>();
            var chosen = record.RootElement.GetProperty("cases").EnumerateArray().Where(testCase => groups.Contains(testCase.GetProperty("id").GetString()!.Split('-')[0])).ToArray();

            // What is slow the first time must not be taken for slow calls.
            _seen["warm-up"] = new ConcurrentQueue<Attempt>();
            using var first = JsonDocument.Parse("""{"id": "warm-up", "path": "/p.none/Call", "backend": "ok"}""");
            Assert.Equal(StatusCode.OK, await CallAsync(invoker, first.RootElement));

            // Some at once, as some take their time; what takes tenths of a second when it is alone is given a second chance alone.
            var differences = new ConcurrentBag<string>();
            await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (testCase, _) =>
            {
                if (await DifferenceAsync(invoker, testCase) is not null)
                {
                    again.Enqueue(testCase);
                }
            });
            foreach (var testCase in again)
            {
                if (await DifferenceAsync(invoker, testCase) is { } difference)
                {
                    differences.Add(difference);
                }
            }

            Assert.Equal(cases, chosen.Length);
            Assert.True(differences.IsEmpty, string.Join('\n', differences));
        }
        finally
        {
            foreach (var backend in backends)
            {
                await backend.DisposeAsync();
            }
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>What is other than recorded: the status, the backends that attempts came to, or whether they were told of the right deadline.</summary>
    private async Task<string?> DifferenceAsync(CallInvoker invoker, JsonElement testCase)
    {
        var observed = testCase.GetProperty("observed");
        var attempts = observed.GetProperty("attempts") is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().ToArray() : [];
        var id = testCase.GetProperty("id").GetString()!;
        var seen = _seen[id] = new ConcurrentQueue<Attempt>();
        var code = Exceptions.TryGetValue(id, out var exception) ? exception.Code.ToString() : Name(observed.GetProperty("code").GetString()!);
        var expected = $"{code} {string.Join(' ', attempts.Select(static attempt => $"{attempt.GetProperty("backend").GetString()}{(attempt.TryGetProperty("grpc-previous-rpc-attempts", out var previous) ? $" again {previous}" : "")}"))}";
        var actual = $"{await CallAsync(invoker, testCase)} {string.Join(' ', seen.Select(static attempt => $"{attempt.Backend}{(attempt.Previous.Length > 0 ? $" again {attempt.Previous}" : "")}"))}";
        if (expected != actual)
        {
            return $"{id}: gRPC '{expected}', here '{actual}'";
        }

        // The figure was taken a little after the call began, and is rounded down.
        var isTold = !testCase.TryGetProperty("deadline_s", out _)
            || attempts.Zip(seen).All(static pair => pair.Second.MillisecondsLeft > 0 && pair.Second.MillisecondsLeft <= pair.First.GetProperty("deadline_left_ms_about").GetInt32() + 50);
        return isTold ? null : $"{id}: the backend is told of {string.Join(", ", seen.Select(static attempt => attempt.MillisecondsLeft))} ms";
    }

    /// <summary>grpc-go writes one of the codes otherwise.</summary>
    private static string Name(string code) => code == "Canceled" ? nameof(StatusCode.Cancelled) : code;

    private static async Task<StatusCode> CallAsync(CallInvoker invoker, JsonElement testCase)
    {
        var path = testCase.GetProperty("path").GetString()!.Split('/');
        var marshaller = Marshallers.Create(static (byte[] value) => value, static value => value);
        var type = testCase.TryGetProperty("kind", out var kind) ? kind.GetString() switch { "bidi" => MethodType.DuplexStreaming, "server-stream" => MethodType.ServerStreaming, _ => MethodType.Unary } : MethodType.Unary;
        var method = new Method<byte[], byte[]>(type, path[1], path[2], marshaller, marshaller);
        var headers = new Metadata { { CaseId, testCase.GetProperty("id").GetString()! } };
        if (testCase.TryGetProperty("backend", out var does))
        {
            headers.Add(AskedFor, does.GetString()!);
        }

        if (testCase.TryGetProperty("metadata", out var metadata))
        {
            foreach (var entry in metadata.EnumerateArray())
            {
                var (key, value) = (entry[0].GetString()!, entry[1].GetString()!);
                if (key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
                {
                    headers.Add(key, System.Text.Encoding.UTF8.GetBytes(value));
                }
                else
                {
                    headers.Add(key, value);
                }
            }
        }

        try
        {
            var time = testCase.TryGetProperty("deadline_s", out var seconds) ? TimeSpan.FromSeconds(seconds.GetDouble()) : TestTimeouts.Default;
            var options = new CallOptions(headers, TimeProvider.System.GetUtcNow().UtcDateTime + time);
            switch (type)
            {
                case MethodType.Unary:
                    using (var call = invoker.AsyncUnaryCall(method, null, options, []))
                    {
                        await call;
                    }

                    break;

                case MethodType.ServerStreaming:
                    using (var call = invoker.AsyncServerStreamingCall(method, null, options, []))
                    {
                        while (await call.ResponseStream.MoveNext(CancellationToken.None))
                        {
                        }
                    }

                    break;

                default:
                    using (var call = invoker.AsyncDuplexStreamingCall(method, null, options))
                    {
                        await SendAsync(call);
                        while (await call.ResponseStream.MoveNext(CancellationToken.None))
                        {
                        }
                    }

                    break;
            }

            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    /// <summary>One message, and no more. The call may be over by then; its end says how.</summary>
    private static async Task SendAsync(AsyncDuplexStreamingCall<byte[], byte[]> call)
    {
        try
        {
            await call.RequestStream.WriteAsync([]);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Reading says why.
        }
    }

    /// <summary>Answers as the script says, attempt by attempt: see tests/data/grpc/README.md.</summary>
    private static async Task FollowAsync(HttpContext context, string step)
    {
        context.Response.ContentType = "application/grpc";
        if (step.StartsWith("push=", StringComparison.Ordinal))
        {
            context.Response.Headers["grpc-retry-pushback-ms"] = step[5..].Split(':')[0];
            step = step.Split(':')[1];
        }
        else if (step.StartsWith("slow=", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(int.Parse(step[5..], CultureInfo.InvariantCulture)), TimeProvider.System, context.RequestAborted);
            step = "ok";
        }

        var parts = step.Split(':');
        var status = parts[^1] == "ok" ? "0" : parts[^1];
        if (step == status)
        {
            context.Response.Headers["grpc-status"] = status;
            return;
        }

        await context.Response.StartAsync(context.RequestAborted);
        if (step is "ok" or "h:ok" || parts[0] == "m")
        {
            await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
        }

        await context.Response.Body.FlushAsync(context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", status);
    }

    private async Task AnswerAsync(HttpContext context, string name)
    {
        var headers = context.Request.Headers;
        var left = headers["grpc-timeout"].ToString();
        var seen = _seen[headers[CaseId].ToString()];
        var number = seen.Count;
        seen.Enqueue(new Attempt(name, headers["grpc-previous-rpc-attempts"].ToString(), left.Length == 0 ? null : int.Parse(left[..^1], CultureInfo.InvariantCulture) * (left[^1] switch { 'm' => 1, 'S' => 1000, _ => 60_000 })));
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        if (headers[CaseId].ToString().StartsWith("policy-", StringComparison.Ordinal))
        {
            var script = headers[AskedFor].ToString().Split(',');
            await FollowAsync(context, script[Math.Min(number, script.Length - 1)]);
            return;
        }

        if (headers[AskedFor] != "ok")
        {
            // slow: longer than the caller waits, who resets the stream.
            await _gate.PassAsync(context.RequestAborted);
        }

        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static IEnumerable<Any> Resources(JsonElement record)
    {
        var parser = new JsonParser(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(HTTPFault.Descriptor, Router.Descriptor, HttpConnectionManager.Descriptor)));
        yield return Any.Pack(parser.Parse<Listener>(record.GetProperty("listener").GetRawText()));
        yield return Any.Pack(parser.Parse<RouteConfiguration>(OfTheseGroups(record.GetProperty("route"))));
        foreach (var cluster in record.GetProperty("clusters").EnumerateArray())
        {
            if (!cluster.TryGetProperty("lb_policy", out _))
            {
                yield return Any.Pack(parser.Parse<Cluster>(cluster.GetRawText()));
            }
        }

        foreach (var endpoints in record.GetProperty("endpoints").EnumerateArray())
        {
            yield return Any.Pack(parser.Parse<ClusterLoadAssignment>(endpoints.GetRawText()));
        }
    }

    /// <summary>The routes of these groups only: the others are about hashes, whose clusters are not served here.</summary>
    private static string OfTheseGroups(JsonElement routes)
    {
        var node = System.Text.Json.Nodes.JsonNode.Parse(routes.GetRawText())!;
        foreach (var host in node["virtual_hosts"]!.AsArray())
        {
            var kept = host!["routes"]!.AsArray().Where(static route => (route!["match"]!["prefix"]?.ToString() ?? "/t.") is var prefix
                && (prefix.StartsWith("/m.", StringComparison.Ordinal) || prefix.StartsWith("/s.", StringComparison.Ordinal) || prefix.StartsWith("/t.", StringComparison.Ordinal) || prefix.StartsWith("/p.", StringComparison.Ordinal) || prefix.StartsWith("/f.", StringComparison.Ordinal)));
            host["routes"] = new System.Text.Json.Nodes.JsonArray([.. kept.Select(static route => route!.DeepClone())]);
        }

        return node.ToJsonString();
    }

    private sealed record Attempt(string Backend, string Previous, int? MillisecondsLeft);
}
