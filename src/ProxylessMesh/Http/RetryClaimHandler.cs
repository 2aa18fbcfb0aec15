namespace ProxylessMesh.Http;

/// <summary>Stands outside a client's resilience handler, which may send copies of a request: they share what is given to the request here.</summary>
internal sealed class RetryClaimHandler : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        RetryClaim.Give(request);
        return base.SendAsync(request, cancellationToken);
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        RetryClaim.Give(request);
        return base.Send(request, cancellationToken);
    }
}
