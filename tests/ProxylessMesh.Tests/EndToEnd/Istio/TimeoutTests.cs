using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>
/// The timeouts of the recorded VirtualServices, as istiod hands them on: in <c>timeout</c>, for gRPC clients also in
/// <c>max_stream_duration</c>, and 0 in either for a service that has none.
/// </summary>
[Collection(IstiodAddresses.Name)]
public sealed class TimeoutTests
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData("grpc-client", false)]
    [InlineData("sidecar-client", true)]
    public async Task Send_HttpRequest_HasTheTimeOfItsServiceAndNoOther(string capture, bool isSidecar)
    {
        await using var services = await StartAsync(BackendProtocol.Http1);
        await using var mesh = await RecordedMesh.StartAsync(capture, services, isSidecar, clock: _clock);

        var limited = mesh.Client.GetAsync(new Uri("http://cart/slow"));
        await ArrivedAsync(services, "cart");
        var unlimited = mesh.Client.GetAsync(new Uri("http://search/slow"));
        var search = await ArrivedAsync(services, "search");
        _clock.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromMilliseconds(1));
        var isEarly = limited.IsCompleted;
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => limited.WaitAsync(TestTimeouts.Default));
        _clock.Advance(TimeSpan.FromMinutes(10));
        search.Gate.Open();
        using var response = await unlimited.WaitAsync(TestTimeouts.Default);

        Assert.False(isEarly);
        Assert.Equal(MeshFailureReason.Timeout, exception.Reason);
        Assert.True(response.IsSuccessStatusCode);
    }

    /// <summary>A gRPC client reads <c>max_stream_duration</c> (gRFC A31), a sidecar <c>timeout</c>, which it answers with 504: gRPC's UNAVAILABLE.</summary>
    [Theory]
    [InlineData("grpc-client", false, StatusCode.DeadlineExceeded)]
    [InlineData("sidecar-client", true, StatusCode.Unavailable)]
    public async Task Call_Grpc_HasTheTimeOfItsServiceAndNoOther(string capture, bool isSidecar, StatusCode status)
    {
        await using var services = await StartAsync(BackendProtocol.Http2);
        await using var mesh = await RecordedMesh.StartAsync(capture, services, isSidecar, clock: _clock);
        using var cart = mesh.Mesh.CreateGrpcChannel("xds:///cart:80");
        using var search = mesh.Mesh.CreateGrpcChannel("xds:///search:80");

        using var limited = new EchoService.EchoServiceClient(cart).UnaryAsync(new EchoRequest { WaitAtGate = true });
        await ArrivedAsync(services, "cart");
        using var unlimited = new EchoService.EchoServiceClient(search).UnaryAsync(new EchoRequest { WaitAtGate = true });
        var searched = await ArrivedAsync(services, "search");
        _clock.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromMilliseconds(1));
        var isEarly = limited.ResponseAsync.IsCompleted;
        await Until.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1)); // a sidecar's begins with the end of the request, which may come a moment after its beginning
            return limited.ResponseAsync.IsCompleted;
        });
        var exception = await Assert.ThrowsAsync<RpcException>(() => limited.ResponseAsync);
        _clock.Advance(TimeSpan.FromMinutes(10));
        searched.Gate.Open();
        await unlimited.ResponseAsync.WaitAsync(TestTimeouts.Default);

        Assert.False(isEarly);
        Assert.Equal(status, exception.StatusCode);
    }

    private static async Task<RecordedServices> StartAsync(BackendProtocol protocol)
    {
        var services = new RecordedServices();
        foreach (var (id, address) in new[] { ("cart-v1-a", "127.10.1.1"), ("cart-v1-b", "127.10.1.2"), ("cart-v2-a", "127.10.1.3"), ("search-a", "127.10.4.1"), ("search-b", "127.10.4.2") })
        {
            await services.AddAsync(id, address, 8080, protocol);
        }

        return services;
    }

    /// <summary>The backend of a service at which a request has come to stand.</summary>
    private static async Task<Backend> ArrivedAsync(RecordedServices services, string service)
    {
        Backend? found = null;
        await Until.TrueAsync(() => (found = services.All.FirstOrDefault(backend => backend.Id.StartsWith(service, StringComparison.Ordinal) && backend.RequestCount > 0)) is not null);
        await found!.Gate.ArrivedAsync();
        return found;
    }
}
