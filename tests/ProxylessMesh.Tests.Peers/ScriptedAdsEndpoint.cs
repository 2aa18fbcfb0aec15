using Envoy.Service.Discovery.V3;
using Grpc.Core;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Hands each stream to the test and stays in the call until the test or the client ends it.</summary>
internal sealed class ScriptedAdsEndpoint(ScriptedAdsServer server) : AggregatedDiscoveryService.AggregatedDiscoveryServiceBase
{
    public override Task StreamAggregatedResources(
        IAsyncStreamReader<DiscoveryRequest> requestStream, IServerStreamWriter<DiscoveryResponse> responseStream, ServerCallContext context)
    {
        var stream = new ScriptedAdsStream(responseStream, context);
        server.Offer(stream);
        return stream.RunAsync(requestStream);
    }
}
