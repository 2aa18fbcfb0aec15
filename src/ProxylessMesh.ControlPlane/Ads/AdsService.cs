using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Translation;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>The aggregated discovery service over gRPC, state of the world. One instance serves every stream.</summary>
internal sealed class AdsService(MeshConfigurationStore store, IHostApplicationLifetime lifetime, ILogger<AdsService> logger)
    : AggregatedDiscoveryService.AggregatedDiscoveryServiceBase
{
    /// <inheritdoc/>
    public override async Task StreamAggregatedResources(
        IAsyncStreamReader<DiscoveryRequest> requestStream,
        IServerStreamWriter<DiscoveryResponse> responseStream,
        ServerCallContext context)
    {
        // These streams have no end of their own; without this, stopping the server would wait for its time limit.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await AdsStreamLoop.RunAsync(store, ReadAsync, (response, token) => responseStream.WriteAsync(response, token), logger, ended.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client is gone: the usual end of a stream, and nobody is left to tell.
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the control plane is stopping"));
        }

        async Task<DiscoveryRequest?> ReadAsync(CancellationToken cancellationToken)
            => await requestStream.MoveNext(cancellationToken).ConfigureAwait(false) ? requestStream.Current : null;
    }
}
