namespace ProxylessMesh.Filters;

/// <summary>
/// One filter as it acts on one part of the routes. Thread-safe. It looks at every request there, and costs no more than that look where it
/// has nothing to do.
/// </summary>
internal abstract class HttpFilter
{
    /// <summary>Looks at a request whose route is known.</summary>
    /// <returns>What to do with it, or <see langword="null"/> when it goes on as it is.</returns>
    public abstract FilterAction? Begin(in FilterRequest request);

    /// <summary>No route has it any more. Requests that it has begun with go on.</summary>
    /// <param name="isEnd">Whether the mesh ends: otherwise a request that has read an older route table may still come.</param>
    public virtual void Retire(bool isEnd)
    {
    }
}

/// <summary>What a filter does with one request.</summary>
internal abstract class FilterAction
{
    /// <summary>Answers the request, or has it go on and looks at its response.</summary>
    /// <param name="request">The request, as <see cref="HttpFilter.Begin"/> saw it.</param>
    /// <param name="next">The rest of the road. A filter that changes the request hands on a copy: the caller's own stays as it is.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public abstract Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken);
}

/// <summary>Sends a request on to the filters that follow, and then to its cluster.</summary>
internal delegate Task<HttpResponseMessage> FilterNext(HttpRequestMessage request, CancellationToken cancellationToken);
