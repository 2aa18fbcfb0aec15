using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Tests.Clusters;

public sealed class EndpointStateTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Leases_TakenAndGivenBack_AreTheLoad()
    {
        var endpoint = Endpoint("127.0.0.1", 1);

        Assert.True(endpoint.TryAcquire());
        Assert.True(endpoint.TryAcquire());
        endpoint.Release();

        Assert.Equal(1, endpoint.ActiveRequests);
    }

    [Fact]
    public void TryAcquire_Retired_IsRefusedAndCountsNothing()
    {
        var endpoint = Endpoint("127.0.0.1", 1);
        endpoint.TryAcquire();

        endpoint.Retire();

        Assert.False(endpoint.TryAcquire());
        Assert.Equal(1, endpoint.ActiveRequests);
        endpoint.Release();
        Assert.Equal(0, endpoint.ActiveRequests);
    }

    [Fact]
    public async Task Retire_WithARequestUnderWay_ClosesTheConnectionsAfterIt()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var endpoint = Endpoint(backend.Address, backend.Port);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/slow");
        endpoint.TryAcquire();
        var sending = endpoint.SendAsync(request, CancellationToken.None);
        await backend.Gate.ArrivedAsync();

        endpoint.Retire();
        backend.Gate.Open();
        using var response = await sending;
        Assert.Equal("slow", await response.Content.ReadAsStringAsync());
        endpoint.Release();

        using var late = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => endpoint.SendAsync(late, CancellationToken.None));
    }

    [Fact]
    public void IsBackingOff_AfterFailuresToConnect_LastsOneSecondAndGrowsBySixTenths()
    {
        var endpoint = Endpoint("127.0.0.1", 1);
        Assert.False(endpoint.IsBackingOff);

        foreach (var seconds in new[] { 1.0, 1.6, 2.56 })
        {
            endpoint.OnConnectFailed();
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.True(endpoint.IsBackingOff);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.False(endpoint.IsBackingOff);
        }
    }

    [Fact]
    public void IsBackingOff_ConnectedAgain_StartsOver()
    {
        var endpoint = Endpoint("127.0.0.1", 1);
        endpoint.OnConnectFailed();
        endpoint.OnConnectFailed();

        endpoint.OnConnected();
        Assert.False(endpoint.IsBackingOff);
        endpoint.OnConnectFailed();
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.False(endpoint.IsBackingOff);
    }

    [Fact]
    public async Task Leases_TakenByManyThreadsWhileItRetires_AllComeBack()
    {
        var endpoint = Endpoint("127.0.0.1", 1);
        using var start = new ManualResetEventSlim();
        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            start.Wait();
            for (var i = 0; i < 100_000; i++)
            {
                if (endpoint.TryAcquire())
                {
                    endpoint.Release();
                }
            }
        })).ToArray();

        start.Set();
        endpoint.Retire();
        await Task.WhenAll(workers).WaitAsync(TestTimeouts.Default);

        Assert.Equal(0, endpoint.ActiveRequests);
        Assert.False(endpoint.TryAcquire());
    }

    private EndpointState Endpoint(string host, int port) => new(EndpointAddress.Tcp(host, port), TimeSpan.FromSeconds(5), new SocketTransport(_clock), _clock);
}
