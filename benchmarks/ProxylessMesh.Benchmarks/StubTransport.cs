using System.Net;
using ProxylessMesh.Configuration;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Benchmarks;

/// <summary>Endpoints without sockets.</summary>
internal sealed class StubTransport(StubHandler handler) : IEndpointTransport
{
    public HttpMessageInvoker Open(EndpointAddress address, TimeSpan connectTimeout) => new(handler, disposeHandler: false);
}

/// <summary>Answers when told to, after the call has returned to its caller as it does with sockets. One request at a time.</summary>
internal sealed class StubHandler : HttpMessageHandler
{
    private static readonly byte[] Body = new byte[128];
    private TaskCompletionSource<HttpResponseMessage>? _pending;
    private HttpRequestMessage? _request;

    /// <summary>Answers the pending request; who awaits it goes on within this call.</summary>
    public void Answer()
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = _request, Content = new ReadOnlyMemoryContent(Body) };
        if (_request?.Content is null)
        {
            response.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            response.Content.Headers.TryAddWithoutValidation("Content-Length", "128");
        }
        else
        {
            response.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        }

        _pending!.SetResult(response);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _request = request;
        _pending = new TaskCompletionSource<HttpResponseMessage>();
        return _pending.Task;
    }
}
