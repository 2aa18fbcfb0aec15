using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>A control plane in the hands of a test, without sockets, so that the clock can be the test's too.</summary>
internal sealed class ScriptedTransport(string name = "scripted") : IXdsTransport
{
    private readonly Channel<ScriptedStream> _opened = Channel.CreateUnbounded<ScriptedStream>();

    public string ServerName => name;

    public bool FailsOnDataErrors { get; init; }

    public bool IsResourceTimerTransient { get; init; }

    public bool IsDisposed { get; private set; }

    /// <summary>While set, streams break at once with this text.</summary>
    public string? Refusal { get; set; }

    /// <summary>Whether streams open unconnected; see <see cref="ScriptedStream.Connecting"/>.</summary>
    public bool HoldsStreams { get; set; }

    /// <summary>Whether a stream was opened that no test has taken yet.</summary>
    public bool HasStream => _opened.Reader.TryPeek(out _);

    public IXdsStream OpenStream(CancellationToken cancellationToken)
    {
        var stream = new ScriptedStream(Refusal);
        if (HoldsStreams)
        {
            stream.Connecting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _opened.Writer.TryWrite(stream);
        return stream;
    }

    public Task<ScriptedStream> NextStreamAsync() => _opened.Reader.ReadAsync().AsTask().WaitAsync(TestTimeouts.Default);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}

internal sealed class ScriptedStream(string? refusal) : IXdsStream
{
    private readonly Channel<DiscoveryRequest> _requests = Channel.CreateUnbounded<DiscoveryRequest>();
    private readonly Channel<DiscoveryResponse> _responses = Channel.CreateUnbounded<DiscoveryResponse>();

    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _reads;

    /// <summary>Whether it broke at once.</summary>
    public bool IsRefused => refusal is not null;

    public bool IsDisposed => _disposed.Task.IsCompleted;

    /// <summary>Completes when the client lets go of the stream.</summary>
    public Task Disposed => _disposed.Task;

    /// <summary>How many responses the client has asked for.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>How many responses the client has left unread.</summary>
    public int Waiting => _responses.Reader.Count;

    /// <summary>While set, requests wait here: the transport is not connected yet.</summary>
    public TaskCompletionSource? Connecting { get; set; }

    public Task<DiscoveryRequest> NextRequestAsync() => _requests.Reader.ReadAsync().AsTask().WaitAsync(TestTimeouts.Default);

    /// <summary>The next request of a type; those of other types before it are dropped.</summary>
    public async Task<DiscoveryRequest> NextRequestAsync(string typeUrl)
    {
        while (true)
        {
            var request = await NextRequestAsync();
            if (request.TypeUrl == typeUrl)
            {
                return request;
            }
        }
    }

    /// <summary>The answer to one response: the request that carries its nonce; those before it are dropped.</summary>
    public async Task<DiscoveryRequest> NextAnswerAsync(string nonce)
    {
        while (true)
        {
            var request = await NextRequestAsync();
            if (request.ResponseNonce == nonce)
            {
                return request;
            }
        }
    }

    public bool HasRequest => _requests.Reader.TryPeek(out _);

    public void Respond(DiscoveryResponse response) => _responses.Writer.TryWrite(response);

    /// <summary>The server ends the stream in order, or it breaks.</summary>
    public void End(string? failure = null) => _responses.Writer.TryComplete(failure is null ? null : new XdsTransportException(failure));

    public async ValueTask SendAsync(DiscoveryRequest request, CancellationToken cancellationToken)
    {
        ThrowIfRefused();
        if (Connecting is { } connecting)
        {
            await connecting.Task.WaitAsync(cancellationToken);
        }

        _requests.Writer.TryWrite(request);
    }

    public async ValueTask<DiscoveryResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        ThrowIfRefused();
        Interlocked.Increment(ref _reads);
        return await _responses.Reader.WaitToReadAsync(cancellationToken) && _responses.Reader.TryRead(out var response) ? response : null;
    }

    public ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private void ThrowIfRefused()
    {
        if (refusal is not null)
        {
            throw new XdsTransportException(refusal);
        }
    }
}
