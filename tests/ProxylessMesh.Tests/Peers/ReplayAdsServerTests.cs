using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Peers;

public class ReplayAdsServerTests
{
    [Fact]
    public async Task Subscribe_KnownAndUnknownName_AnswersTheKnownOneOnce()
    {
        await using var server = await ReplayAdsServer.StartAsync([Resource(ResourceTypes.Cluster, "cart")]);
        using var channel = GrpcChannel.ForAddress($"http://{server.ServerUri}");
        using var call = Open(channel);

        await call.RequestStream.WriteAsync(Request("", "cart", "nosuch"));
        var answer = await ReadAsync(call);
        await call.RequestStream.WriteAsync(Request(answer.Nonce, "cart", "nosuch"));
        await server.SetAsync(Resource(ResourceTypes.Cluster, "nosuch"));
        var push = await ReadAsync(call);

        Assert.Equal(["cart"], answer.Resources.Select(AdsResponses.NameOf));
        Assert.Equal(["cart", "nosuch"], push.Resources.Select(AdsResponses.NameOf));
        Assert.Empty(server.Nacks);
    }

    [Fact]
    public async Task Reject_WithErrorDetail_IsKeptAndNotAnswered()
    {
        await using var server = await ReplayAdsServer.StartAsync([Resource(ResourceTypes.Cluster, "cart")]);
        using var channel = GrpcChannel.ForAddress($"http://{server.ServerUri}");
        using var call = Open(channel);
        await call.RequestStream.WriteAsync(Request("", "cart"));
        var answer = await ReadAsync(call);

        var nack = Request(answer.Nonce, "cart");
        nack.ErrorDetail = new ProxylessMesh.Protos.Rpc.Status { Code = 3, Message = "cart is wrong" };
        await call.RequestStream.WriteAsync(nack);

        await Until.TrueAsync(() => server.Nacks.Count == 1);
        Assert.Equal("cart is wrong", server.Nacks[0].ErrorDetail.Message);
    }

    [Fact]
    public async Task Push_RecordedResponse_ArrivesAsItIs()
    {
        await using var server = await ReplayAdsServer.StartAsync([]);
        using var channel = GrpcChannel.ForAddress($"http://{server.ServerUri}");
        using var call = Open(channel);
        await call.RequestStream.WriteAsync(Request("", "cart"));
        var recorded = AdsResponses.OfAny(ResourceTypes.Cluster, "2026/7", "abc", Resource(ResourceTypes.Cluster, "cart"));

        await server.PushAsync(recorded);

        Assert.Equal(recorded, await ReadAsync(call));
    }

    private static AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> Open(GrpcChannel channel) =>
        new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources();

    private static async Task<DiscoveryResponse> ReadAsync(AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(default).WaitAsync(TestTimeouts.Default));
        return call.ResponseStream.Current;
    }

    private static DiscoveryRequest Request(string nonce, params string[] names) => new()
    {
        TypeUrl = ResourceTypes.Cluster,
        ResponseNonce = nonce,
        ResourceNames = { names },
    };

    // Field 1 of every resource type is a string, its name.
    private static Any Resource(string typeUrl, string name) => new() { TypeUrl = typeUrl, Value = new StringValue { Value = name }.ToByteString() };
}
