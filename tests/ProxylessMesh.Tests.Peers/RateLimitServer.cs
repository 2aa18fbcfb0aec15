using System.Collections.Concurrent;
using System.Net;
using Envoy.Service.Ratelimit.V3;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// A rate limit service on a real socket (<c>envoy.service.ratelimit.v3</c>): it answers as the test says, or counts by itself. Safe for
/// concurrent use.
/// </summary>
public sealed class RateLimitServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<RateLimitRequest> _requests = new();
    private readonly Func<RateLimitRequest, ServerCallContext, Task<RateLimitResponse>> _answer;
    private PeerHost? _host;
    private int _connections;

    private RateLimitServer(Func<RateLimitRequest, ServerCallContext, Task<RateLimitResponse>> answer) => _answer = answer;

    public int Port => _host!.Port;

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyCollection<RateLimitRequest> Requests => _requests;

    /// <summary>How many connections are open now.</summary>
    public int OpenConnectionCount => Volatile.Read(ref _connections);

    /// <summary>Answers as the test says.</summary>
    public static async Task<RateLimitServer> StartAsync(Func<RateLimitRequest, ServerCallContext, Task<RateLimitResponse>> answer)
    {
        var server = new RateLimitServer(answer);
        server._host = await PeerHost.StartAsync(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener =>
            {
                listener.Protocols = HttpProtocols.Http2;
                listener.Use(next => async connection =>
                {
                    Interlocked.Increment(ref server._connections);
                    try
                    {
                        await next(connection);
                    }
                    finally
                    {
                        Interlocked.Decrement(ref server._connections);
                    }
                });
            }),
            services =>
            {
                services.AddSingleton(server);
                services.AddGrpc();
            },
            app => app.MapGrpcService<Endpoint>());
        return server;
    }

    /// <summary>Counts each descriptor by itself, and says that one is over its limit after as many requests.</summary>
    /// <param name="limit">How many requests of each descriptor are within the limit, for good.</param>
    public static Task<RateLimitServer> StartCountingAsync(uint limit)
    {
        var counts = new ConcurrentDictionary<string, uint>(StringComparer.Ordinal);
        return StartAsync((request, _) =>
        {
            var response = new RateLimitResponse { OverallCode = RateLimitResponse.Types.Code.Ok };
            foreach (var descriptor in request.Descriptors)
            {
                var count = counts.AddOrUpdate($"{request.Domain} {descriptor.Entries}", 1, static (_, before) => before + 1);
                var code = count > limit ? RateLimitResponse.Types.Code.OverLimit : RateLimitResponse.Types.Code.Ok;
                response.OverallCode = code > response.OverallCode ? code : response.OverallCode;
                response.Statuses.Add(new RateLimitResponse.Types.DescriptorStatus
                {
                    Code = code,
                    LimitRemaining = count > limit ? 0 : limit - count,
                    CurrentLimit = new RateLimitResponse.Types.RateLimit { RequestsPerUnit = limit, Unit = RateLimitResponse.Types.RateLimit.Types.Unit.Year },
                });
            }

            return Task.FromResult(response);
        });
    }

    public ValueTask DisposeAsync() => _host!.DisposeAsync();

    /// <summary>The gRPC side of a <see cref="RateLimitServer"/>.</summary>
    internal sealed class Endpoint(RateLimitServer server) : RateLimitService.RateLimitServiceBase
    {
        public override Task<RateLimitResponse> ShouldRateLimit(RateLimitRequest request, ServerCallContext context)
        {
            server._requests.Enqueue(request);
            return server._answer(request, context);
        }
    }
}
