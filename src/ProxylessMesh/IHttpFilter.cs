namespace ProxylessMesh;

/// <summary>
/// An HTTP filter of the application's own: it stands in the mesh where the control plane puts it, between the route that was found for a request and
/// the attempts to send it. Made by an <see cref="IHttpFilterFactory"/>. An instance that is <see cref="IDisposable"/> is disposed of some seconds after
/// the last route that had it is gone, and not before the last call of <see cref="SendAsync"/> has ended.
/// </summary>
/// <remarks>Must be safe for concurrent use: one instance serves every request of the routes that share its configuration.</remarks>
public interface IHttpFilter
{
    /// <summary>Sends a request on by <paramref name="proceed"/>, or answers it itself.</summary>
    /// <param name="request">The request as the filters before have left it. It may be the caller's own: change a copy (<see cref="HttpFilterContext.Copy"/>).</param>
    /// <param name="context">Where the request stands.</param>
    /// <param name="proceed">The filters that follow, and then the cluster with all attempts. May be called more than once, or not at all.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The response. Who does not hand on the one of <paramref name="proceed"/> disposes of it.</returns>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpFilterContext context, HttpFilterNext proceed, CancellationToken cancellationToken);
}

/// <summary>Sends a request on to the filters that follow, and then to its cluster.</summary>
/// <param name="request">The request: the one that the filter was given, or a copy.</param>
/// <param name="cancellationToken">Ends it.</param>
/// <returns>The response.</returns>
public delegate Task<HttpResponseMessage> HttpFilterNext(HttpRequestMessage request, CancellationToken cancellationToken);
