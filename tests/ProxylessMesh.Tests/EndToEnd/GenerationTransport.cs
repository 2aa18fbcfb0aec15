using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using ProxylessMesh.Configuration;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Endpoints without sockets that say which generation of the configuration led to them: it is in their port.</summary>
internal sealed class GenerationTransport : IEndpointTransport
{
    private const int FirstPort = 1000;
    private const int PortsOfAGeneration = 4;

    private readonly ConcurrentQueue<string> _misuse = new();
    private int _open;

    /// <summary>The endpoints that have connections.</summary>
    public int OpenCount => Volatile.Read(ref _open);

    /// <summary>Requests to endpoints that were closed.</summary>
    public IReadOnlyCollection<string> Misuse => _misuse;

    public static int Port(int generation, int endpoint) => FirstPort + (generation * PortsOfAGeneration) + endpoint;

    public HttpMessageInvoker Open(EndpointAddress address, TimeSpan connectTimeout)
    {
        Interlocked.Increment(ref _open);
        return new HttpMessageInvoker(new Endpoint(this, (address.Port - FirstPort) / PortsOfAGeneration));
    }

    private sealed class Endpoint(GenerationTransport transport, int generation) : HttpMessageHandler
    {
        private volatile bool _isDisposed;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (_isDisposed)
            {
                transport._misuse.Enqueue($"a request to generation {generation} after it was closed");
            }

            return new HttpResponseMessage(HttpStatusCode.OK)
            {
                RequestMessage = request,
                Content = new StringContent("answer"),
                Headers =
                {
                    { "x-route-generation", request.Headers.GetValues("x-route-generation") },
                    { "x-cluster-generation", generation.ToString(CultureInfo.InvariantCulture) },
                },
            };
        }

        protected override void Dispose(bool disposing)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                Interlocked.Decrement(ref transport._open);
            }

            base.Dispose(disposing);
        }
    }
}
