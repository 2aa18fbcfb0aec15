using System.Globalization;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What an endpoint is told of the time that is left for a gRPC call, over real sockets, under a clock of the test's.</summary>
public sealed class GrpcTimeoutTests
{
    private const string Stream2 = """ "maxStreamDuration": {"maxStreamDuration": "2s"} """;

    private readonly FakeTimeProvider _clock = new();

    /// <summary>Each row: what the route says, the caller's deadline in seconds, and the <c>grpc-timeout</c> that the backend sees.</summary>
    public static TheoryData<string, int?, string?> GrpcTimeouts => new()
    {
        { Stream2, null, "2000m" },
        { Stream2, 3600, "2000m" },
        { """ "maxStreamDuration": {"grpcTimeoutHeaderMax": "1.5s", "maxStreamDuration": "9s"} """, 3600, "1500m" },
        { """ "maxStreamDuration": {"grpcTimeoutHeaderMax": "0s", "maxStreamDuration": "9s"} """, null, null },
        { """ "timeout": "1s" """, null, null },
    };

    [Theory]
    [MemberData(nameof(GrpcTimeouts))]
    public async Task Call_LimitedByTheRoute_TheBackendHearsOfWhatIsLeft(string fields, int? deadline, string? expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, fields);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        await client.UnaryAsync(new EchoRequest(), deadline: deadline is null ? null : TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(deadline.Value));

        Assert.Equal(expected, backend.LastRequest!.Headers.GetValueOrDefault("grpc-timeout"));
    }

    /// <summary>Each row: what the route says, whether the routes come late or the cluster, and what is left of a minute after ten seconds.</summary>
    public static TheoryData<string, bool, int> Waits => new()
    {
        { """ "timeout": "0s" """, true, 50 },
        { """ "timeout": "0s" """, false, 50 },
        { """ "maxStreamDuration": {"maxStreamDuration": "55s"} """, true, 50 },
        { """ "maxStreamDuration": {"maxStreamDuration": "55s"} """, false, 45 },
        { """ "maxStreamDuration": {"maxStreamDuration": "30s"} """, true, 30 },
        { """ "maxStreamDuration": {"maxStreamDuration": "70s"} """, true, 50 },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Call_WaitedForConfiguration_TheBackendHearsOfWhatIsLeft(string fields, bool isRoutesLate, int left)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        var late = isRoutesLate ? Routes(fields) : XdsResources.Endpoints("c", backend);
        await using var mesh = await MeshFixture.StartAsync(
            _clock,
            XdsResources.Listener("orders", "r"),
            XdsResources.Cluster("c"),
            isRoutesLate ? XdsResources.Endpoints("c", backend) : Routes(fields));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var call = client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        await (await mesh.StreamAsync()).NextRequestAsync(isRoutesLate ? ResourceTypes.RouteConfiguration : ResourceTypes.ClusterLoadAssignment);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await mesh.ControlPlane.SetAsync(late);
        await call.ResponseAsync.WaitAsync(TestTimeouts.Default);

        var told = backend.LastRequest!.Headers["grpc-timeout"];
        Assert.EndsWith("m", told, StringComparison.Ordinal);
        Assert.InRange(int.Parse(told[..^1], CultureInfo.InvariantCulture), (left - 20) * 1000, left * 1000); // the caller's minute is of the real clock
    }

    private Task<MeshFixture> StartAsync(Backend backend, string fields)
        => MeshFixture.StartAsync(_clock, XdsResources.Listener("orders", "r"), Routes(fields), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));

    private static Any Routes(string fields) => Any.Pack(JsonParser.Default.Parse<RouteConfiguration>(
        $$"""{"name": "r", "virtualHosts": [{"name": "orders", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", {{fields}} } }]}]}"""));
}
