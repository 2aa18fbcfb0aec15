using System.Net;
using System.Net.Sockets;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Grpc.Net.Client;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests;

public sealed class ControlPlaneServerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _timeout = new(TestTimeouts.Default);

    public void Dispose()
    {
        _directory.Dispose();
        _timeout.Dispose();
    }

    [Fact]
    public async Task StreamAggregatedResources_OverTcp_AnswersAndPushesAChangedFile()
    {
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));
        await using var server = await StartAsync(path, "127.0.0.1:0");
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var call = Open(channel);

        await call.RequestStream.WriteAsync(Endpoints("outbound|80||orders"));
        var first = await ReadAsync(call);
        _directory.Replace("mesh.yaml", MeshYaml.Service("orders", targetPort: 5009));
        var second = await ReadAsync(call);

        Assert.Equal(["1", "2"], [first.VersionInfo, second.VersionInfo]);
        Assert.NotEqual(first.Resources[0].Value, second.Resources[0].Value);
    }

    [Fact]
    public async Task StreamAggregatedResources_OverUnixSocket_Answers()
    {
        var socket = _directory.File("xds.sock");
        await using var server = await StartAsync(_directory.Write("mesh.yaml", MeshYaml.Service("orders")), $"unix:{socket}");
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });
        using var call = Open(channel);

        await call.RequestStream.WriteAsync(Endpoints("outbound|80||orders"));

        Assert.Single((await ReadAsync(call)).Resources);
        Assert.Equal($"unix:{socket}", server.Address);
    }

    [Fact]
    public async Task StreamAggregatedResources_ClientEndsIt_EndsWithOk()
    {
        await using var server = await StartAsync(_directory.Write("mesh.yaml", MeshYaml.Service("orders")), "127.0.0.1:0");
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var call = Open(channel);

        await call.RequestStream.CompleteAsync();

        Assert.False(await call.ResponseStream.MoveNext(_timeout.Token));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task StreamAggregatedResources_OneClientNeverReads_OthersAreServed()
    {
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));
        await using var server = await StartAsync(path, "127.0.0.1:0");
        using var slowChannel = GrpcChannel.ForAddress(server.Address);
        using var quickChannel = GrpcChannel.ForAddress(server.Address);
        using var slow = Open(slowChannel);
        using var quick = Open(quickChannel);
        await slow.RequestStream.WriteAsync(Endpoints("outbound|80||orders"));
        await quick.RequestStream.WriteAsync(Endpoints("outbound|80||orders"));
        await ReadAsync(quick);

        _directory.Replace("mesh.yaml", MeshYaml.Service("orders", targetPort: 5009));

        Assert.Equal("2", (await ReadAsync(quick)).VersionInfo);
    }

    [Fact]
    public async Task DeltaAggregatedResources_IsUnimplemented()
    {
        await using var server = await StartAsync(_directory.Write("mesh.yaml", MeshYaml.Service("orders")), "127.0.0.1:0");
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).DeltaAggregatedResources(cancellationToken: _timeout.Token);

        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(_timeout.Token));

        Assert.Equal(StatusCode.Unimplemented, exception.StatusCode);
    }

    [Fact]
    public async Task DisposeAsync_OpenStream_EndsItWithoutWaitingForTheClient()
    {
        var server = await StartAsync(_directory.Write("mesh.yaml", MeshYaml.Service("orders")), "127.0.0.1:0");
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var call = Open(channel);
        await call.RequestStream.WriteAsync(Endpoints("outbound|80||orders"));
        await ReadAsync(call);

        // Kestrel would wait 30 s for a stream that stays open.
        await server.DisposeAsync().AsTask().WaitAsync(TestTimeouts.Default);

        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(_timeout.Token));
    }

    [Fact]
    public async Task StartAsync_BadFile_Throws()
    {
        var path = _directory.Write("mesh.yaml", "kind: Nonsense\n");

        await Assert.ThrowsAsync<MeshFileException>(() => StartAsync(path, "127.0.0.1:0"));
    }

    [Fact]
    public async Task StartAsync_AddressInUse_ThrowsAndLetsGoOfTheFile()
    {
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await Assert.ThrowsAsync<IOException>(() => StartAsync(path, taken.LocalEndpoint.ToString()!));
    }

    [Theory]
    [InlineData("15010")]
    [InlineData("example.com:15010")]
    [InlineData("127.0.0.1:99999")]
    [InlineData("::1:15010")]
    [InlineData("unix:relative/path")]
    public async Task StartAsync_BadListenAddress_SaysHowToWriteIt(string address)
    {
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(path, address));

        Assert.StartsWith($"The listen address '{address}' must be ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:0", "http://127.0.0.1:")]
    [InlineData("localhost:0", "http://127.0.0.1:")]
    public async Task Address_AnyPort_TellsTheOneItGot(string listen, string prefix)
    {
        await using var server = await StartAsync(_directory.Write("mesh.yaml", MeshYaml.Service("orders")), listen);

        Assert.StartsWith(prefix, server.Address, StringComparison.Ordinal);
        Assert.NotEqual(0, new Uri(server.Address).Port);
    }

    private Task<ControlPlaneServer> StartAsync(string path, string listen)
        => ControlPlaneServer.StartAsync(new ControlPlaneServerOptions { ConfigurationFile = path, ListenAddress = listen }, _timeout.Token);

    private AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> Open(GrpcChannel channel)
        => new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources(cancellationToken: _timeout.Token);

    private async Task<DiscoveryResponse> ReadAsync(AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(_timeout.Token));
        return call.ResponseStream.Current;
    }

    private static DiscoveryRequest Endpoints(string name) => new() { TypeUrl = ResourceTypes.ClusterLoadAssignment, ResourceNames = { name } };
}
