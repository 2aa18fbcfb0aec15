using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>
/// Sends requests of the mesh's own to one cluster, for example those to a service that a filter asks: no listener, no route, no filters, and no
/// retries but of what no endpoint has taken. Holds the cluster until it is disposed.
/// </summary>
/// <param name="cluster">The cluster; it may not have come yet, and then requests wait for it.</param>
/// <param name="authority">What it is asked as.</param>
/// <param name="random">For picks.</param>
/// <param name="release">Lets the cluster go.</param>
internal sealed class ClusterHandler(OnDemandCluster cluster, string authority, IRandomSource random, Action release) : HttpMessageHandler
{
    private const int MaxConnectAttempts = 3;

    private int _isReleased;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A cluster's name need not be a host's.
        request.Headers.Remove("Host");
        request.Headers.TryAddWithoutValidation("Host", authority);
        EndpointState? failed = null;
        for (var attempt = 1; ; attempt++)
        {
            await cluster.WaitAsync(cancellationToken).ConfigureAwait(false);
            var view = cluster.Cluster!.View; // it has been waited for
            var endpoint = Pick(view, failed);
            if (!endpoint.TryAcquire())
            {
                continue; // it left the configuration after the view was read: there is a newer one
            }

            try
            {
                var response = await endpoint.SendAsync(UpstreamVersion.Apply(request, endpoint.Protocol), cancellationToken).ConfigureAwait(false);
                endpoint.OnConnected();
                TrackedContent.Attach(response, endpoint);
                return response;
            }
            catch (HttpRequestException exception) when (EndpointRefusal.IsRefusal(exception) && EndpointRefusal.MayGoElsewhere(exception) && attempt < Math.Min(MaxConnectAttempts, view.Endpoints.Length))
            {
                if (exception.InnerException is EndpointConnectException)
                {
                    endpoint.OnConnectFailed();
                }

                endpoint.Release();
                failed = endpoint;
            }
            catch
            {
                endpoint.Release();
                throw;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            release();
        }

        base.Dispose(disposing);
    }

    private EndpointState Pick(ClusterView view, EndpointState? failed)
    {
        if (view.Picker is null)
        {
            throw new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {view.Error?.Message ?? "has no endpoints that could be picked"}").ToException();
        }

        return EndpointSelection.Pick(view, RequestHash.None, failed, MaxConnectAttempts, random)
            ?? throw new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint").ToException();
    }
}
