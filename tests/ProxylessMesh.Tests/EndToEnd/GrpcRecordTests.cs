using System.Text.Json;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What gRPC's own xDS client did with calls, and what a channel through the mesh does with them (see tests/data/grpc/README.md).</summary>
public sealed class GrpcRecordTests
{
    private static readonly string[] Groups = ["match", "special", "route"];

    [Fact]
    public async Task Call_RecordedCases_GoesWhereGrpcWent()
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
            var differences = new List<string>();
            var count = 0;
            foreach (var testCase in record.RootElement.GetProperty("cases").EnumerateArray())
            {
                var id = testCase.GetProperty("id").GetString()!;
                if (!Groups.Contains(id.Split('-')[0]))
                {
                    continue;
                }

                count++;
                var observed = testCase.GetProperty("observed");
                var attempts = observed.GetProperty("attempts");
                var expected = $"{observed.GetProperty("code")} {(attempts.ValueKind == JsonValueKind.Array ? attempts[0].GetProperty("backend").GetString() : "")}";
                var actual = await CallAsync(channel.CreateCallInvoker(), testCase);
                if (expected != actual)
                {
                    differences.Add($"{id}: gRPC '{expected}', here '{actual}'");
                }
            }

            Assert.Equal(86, count);
            Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
        }
        finally
        {
            foreach (var backend in backends)
            {
                await backend.DisposeAsync();
            }
        }
    }

    private static async Task<string> CallAsync(CallInvoker invoker, JsonElement testCase)
    {
        var path = testCase.GetProperty("path").GetString()!.Split('/');
        var marshaller = Marshallers.Create(static (byte[] value) => value, static value => value);
        var method = new Method<byte[], byte[]>(MethodType.Unary, path[1], path[2], marshaller, marshaller);
        var headers = new Metadata();
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
            using var call = invoker.AsyncUnaryCall(method, null, new CallOptions(headers, TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default), []);
            await call;
            return $"OK {call.GetTrailers().GetValue("x-backend")}";
        }
        catch (RpcException exception)
        {
            return $"{exception.StatusCode} ";
        }
    }

    private static async Task AnswerAsync(HttpContext context, string name)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
        context.Response.AppendTrailer("x-backend", name);
    }

    private static IEnumerable<Any> Resources(JsonElement record)
    {
        var parser = new JsonParser(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(Envoy.Extensions.Filters.Http.Fault.V3.HTTPFault.Descriptor)));
        yield return XdsResources.Listener("oracle.test", "rc");
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

    /// <summary>The routes of these groups only: the others are about retries, faults and hashes, whose clusters are not served here.</summary>
    private static string OfTheseGroups(JsonElement routes)
    {
        var node = System.Text.Json.Nodes.JsonNode.Parse(routes.GetRawText())!;
        foreach (var host in node["virtual_hosts"]!.AsArray())
        {
            var kept = host!["routes"]!.AsArray().Where(static route => (route!["match"]!["prefix"]?.ToString() ?? "/t.") is var prefix
                && (prefix.StartsWith("/m.", StringComparison.Ordinal) || prefix.StartsWith("/s.", StringComparison.Ordinal) || prefix.StartsWith("/t.", StringComparison.Ordinal)));
            host["routes"] = new System.Text.Json.Nodes.JsonArray([.. kept.Select(static route => route!.DeepClone())]);
        }

        return node.ToJsonString();
    }
}
