using System.Net.Sockets;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public sealed class GrpcXdsTransportTests : IDisposable
{
    private static readonly DiscoveryRequest Request = new() { TypeUrl = ResourceTypes.Cluster, ResourceNames = { "cart" } };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-xds-");
    private readonly CancellationTokenSource _limit = new(TestTimeouts.Default);

    public void Dispose()
    {
        _limit.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_TcpOrUnixSocket_CarriesRequestsAndResponses(bool isUnix)
    {
        await using var server = await ScriptedAdsServer.StartAsync(new ScriptedAdsServerOptions
        {
            UnixSocketPath = isUnix ? Path.Combine(_directory.FullName, "xds.sock") : null,
        });
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var stream = transport.OpenStream(_limit.Token);

        await stream.SendAsync(Request, _limit.Token);
        var peer = await server.NextStreamAsync();
        var request = await peer.NextRequestAsync(ResourceTypes.Cluster);
        var response = AdsResponses.OfAny(ResourceTypes.Cluster, "1", "n1");
        await peer.SendAsync(response);

        Assert.Equal(Request, request);
        Assert.Equal(response, await stream.ReadAsync(_limit.Token));
        Assert.Equal(server.ServerUri, transport.ServerName);
        Assert.DoesNotContain(peer.Headers, header => header.Key == "traceparent");
    }

    [Fact]
    public async Task Read_ServerEndsInOrder_IsNull()
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);

        (await server.NextStreamAsync()).Close();

        Assert.Null(await stream.ReadAsync(_limit.Token));
    }

    [Fact]
    public async Task Read_ServerEndsWithAStatus_NamesServerAndStatus()
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);

        (await server.NextStreamAsync()).Close(StatusCode.PermissionDenied, "not\nyou");

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.ReadAsync(_limit.Token).AsTask());
        Assert.Equal($"xDS server {server.ServerUri}: ended the stream with PERMISSION_DENIED: not you", error.Message);
        error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.SendAsync(Request, _limit.Token).AsTask());
        Assert.Contains(server.ServerUri, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_ServerBreaksOff_IsAnErrorAndTheNextStreamWorks(bool isKilled)
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var broken = transport.OpenStream(_limit.Token);
        await broken.SendAsync(Request, _limit.Token);
        var peer = await server.NextStreamAsync();

        if (isKilled)
        {
            await server.KillAsync();
            await server.StartAgainAsync();
        }
        else
        {
            peer.Abort();
        }

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => broken.ReadAsync(_limit.Token).AsTask());
        await using var next = transport.OpenStream(_limit.Token);
        await next.SendAsync(Request, _limit.Token);
        Assert.StartsWith($"xDS server {server.ServerUri}: the connection broke (", error.Message, StringComparison.Ordinal);
        Assert.Equal(Request, await (await server.NextStreamAsync()).NextRequestAsync(ResourceTypes.Cluster));
    }

    [Fact]
    public async Task Send_ConnectionRefused_NamesServerAndReason()
    {
        var server = await ScriptedAdsServer.StartAsync();
        await server.DisposeAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var stream = transport.OpenStream(_limit.Token);

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.SendAsync(Request, _limit.Token).AsTask());

        Assert.Equal($"xDS server {server.ServerUri}: cannot be connected to (UNAVAILABLE): Connection refused", error.Message);
    }

    [Fact]
    public async Task Send_NoSuchUnixSocket_NamesServer()
    {
        await using var transport = new GrpcXdsTransport(ServerConfig($"unix:{_directory.FullName}/nosuch"));
        await using var stream = transport.OpenStream(_limit.Token);

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.SendAsync(Request, _limit.Token).AsTask());

        Assert.StartsWith($"xDS server unix:{_directory.FullName}/nosuch: cannot be connected to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_StalledServer_IsNoticedByPing()
    {
        await using var server = StalledServer.Start();
        var options = new GrpcXdsTransportOptions { PingDelay = TimeSpan.FromSeconds(1), PingTimeout = TimeSpan.FromSeconds(1) };
        await using var transport = new GrpcXdsTransport(ServerConfig($"127.0.0.1:{server.Port}"), options);
        await using var stream = transport.OpenStream(_limit.Token);

        await server.ConnectedAsync();

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.ReadAsync(_limit.Token).AsTask());
        Assert.StartsWith($"xDS server 127.0.0.1:{server.Port}: the connection broke (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_StalledTlsHandshake_EndsWithTheConnectTimeout()
    {
        await using var server = StalledServer.Start();
        var options = new GrpcXdsTransportOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) };
        await using var transport = new GrpcXdsTransport(ServerConfig($"127.0.0.1:{server.Port}", new TlsCredentialsConfig()), options);
        await using var stream = transport.OpenStream(_limit.Token);

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.ReadAsync(_limit.Token).AsTask());

        Assert.StartsWith($"xDS server 127.0.0.1:{server.Port}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ResponseOverTheLimit_SaysTheLimit()
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri), new GrpcXdsTransportOptions { MaxResponseBytes = 1000 });
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);

        await (await server.NextStreamAsync()).SendAsync(new DiscoveryResponse { Nonce = new string('n', 1001) });

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.ReadAsync(_limit.Token).AsTask());
        Assert.Equal($"xDS server {server.ServerUri}: sent a response larger than 1000 bytes, the most that is taken", error.Message);
    }

    [Fact]
    public async Task Read_Cancelled_IsACancellation()
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);
        using var cancellation = new CancellationTokenSource();

        var read = stream.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task Dispose_WhileReading_EndsTheReadAndTheServersStream()
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        var transport = new GrpcXdsTransport(ServerConfig(server.ServerUri));
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);
        var peer = await server.NextStreamAsync();

        var read = stream.ReadAsync(_limit.Token).AsTask();
        await transport.DisposeAsync();

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => read);
        Assert.Equal($"xDS server {server.ServerUri}: the stream was closed on this side", error.Message);
        await peer.Ended.WaitAsync(_limit.Token);
    }

    [Fact]
    public void NoticeGonePeer_Socket_ProbesWithinTwentySeconds()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        ControlPlaneConnector.NoticeGonePeer(socket);

        var idle = (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!;
        var interval = (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)!;
        var probes = (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)!;
        Assert.NotEqual(0, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.InRange(idle + (interval * probes), 1, 20);
        if (OperatingSystem.IsLinux())
        {
            Span<byte> unacknowledged = stackalloc byte[4];
            socket.GetRawSocketOption(6, 18, unacknowledged);
            Assert.Equal(20_000, BitConverter.ToInt32(unacknowledged));
        }
    }

    private static XdsServerConfig ServerConfig(string uri, ChannelCredentialsConfig? credentials = null)
    {
        Assert.True(XdsServerAddress.TryParse(uri, out var address, out _, out _, out _));
        return new XdsServerConfig { ServerUri = uri, Address = address!, Credentials = credentials ?? InsecureCredentialsConfig.Instance };
    }
}
