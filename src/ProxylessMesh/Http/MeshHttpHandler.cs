namespace ProxylessMesh.Http;

/// <summary>
/// The mesh as an HTTP handler: the innermost of a client's chain. Sends what belongs to the mesh through it, and everything
/// else through the handler that was there before. Deliberately no <see cref="DelegatingHandler"/>: grpc-dotnet looks
/// through those for a SocketsHttpHandler and would then dial by itself.
/// </summary>
/// <param name="mesh">The mesh; started by the first request that needs it, if not before.</param>
/// <param name="outside">Where requests to hosts outside the mesh go; disposed with this handler.</param>
/// <param name="target">An <c>xds:</c> target, to which every request then goes, or <see langword="null"/>.</param>
internal sealed class MeshHttpHandler(IMeshPipelineSource mesh, HttpMessageHandler outside, XdsTarget? target = null) : HttpMessageHandler
{
    private readonly HttpMessageInvoker _outside = new(outside);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } uri || (target is null && !MeshHosts.IsCandidate(uri)))
        {
            return _outside.SendAsync(request, cancellationToken);
        }

        return mesh.Pipeline is { } pipeline
            ? SendAsync(pipeline, request, uri, cancellationToken)
            : StartAndSendAsync(request, uri, cancellationToken);
    }

    /// <summary>For <c>HttpClient.Send</c>: blocks the calling thread, as that method's callers ask for.</summary>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => request.RequestUri is { } uri && (target is not null || MeshHosts.IsCandidate(uri))
            ? SendAsync(request, cancellationToken).GetAwaiter().GetResult()
            : _outside.Send(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _outside.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<HttpResponseMessage> StartAndSendAsync(HttpRequestMessage request, Uri uri, CancellationToken cancellationToken)
    {
        var pipeline = await mesh.StartAsync(cancellationToken).ConfigureAwait(false);
        return await SendAsync(pipeline, request, uri, cancellationToken).ConfigureAwait(false);
    }

    private Task<HttpResponseMessage> SendAsync(MeshPipeline pipeline, HttpRequestMessage request, Uri uri, CancellationToken cancellationToken)
    {
        var authority = target is null ? pipeline.Listeners.Find(uri) : pipeline.Listeners.Find(target);
        return authority is null ? _outside.SendAsync(request, cancellationToken) : pipeline.SendAsync(request, authority, cancellationToken);
    }
}
