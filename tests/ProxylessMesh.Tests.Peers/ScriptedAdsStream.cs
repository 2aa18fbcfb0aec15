using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Envoy.Service.Discovery.V3;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// The server's end of one discovery stream, in the hands of a test. Requests are recorded in the order they came; each is
/// returned by <see cref="NextRequestAsync(Func{DiscoveryRequest, bool}, string, TimeSpan?)"/> once. Safe for concurrent use.
/// </summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "The field's word: a discovery stream.")]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A semaphore whose wait handle is never asked for holds nothing to dispose of.")]
public sealed class ScriptedAdsStream
{
    private readonly IServerStreamWriter<DiscoveryResponse> _responses;
    private readonly HttpContext _context;
    private readonly CancellationToken _aborted;
    private readonly Channel<DiscoveryRequest> _requestLog = Channel.CreateUnbounded<DiscoveryRequest>();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource<Status> _close = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<DiscoveryRequest> _requests = []; // guarded by _lock
    private readonly List<DiscoveryRequest> _unread = []; // guarded by _lock
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously); // guarded by _lock; completed and replaced at each request

    internal ScriptedAdsStream(IServerStreamWriter<DiscoveryResponse> responses, ServerCallContext context)
    {
        _responses = responses;
        _context = context.GetHttpContext();
        _aborted = context.CancellationToken;
        Headers = context.RequestHeaders;
    }

    /// <summary>Every request so far, in order.</summary>
    public IReadOnlyList<DiscoveryRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The metadata the client opened the stream with.</summary>
    public Metadata Headers { get; }

    /// <summary>Completes when the stream is over, whoever ended it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether the stream is over, or the client has left it.</summary>
    internal bool IsOver => Ended.IsCompleted || _aborted.IsCancellationRequested;

    /// <inheritdoc cref="NextRequestAsync(Func{DiscoveryRequest, bool}, string, TimeSpan?)"/>
    public Task<DiscoveryRequest> NextRequestAsync(string typeUrl, TimeSpan? timeout = null) =>
        NextRequestAsync(request => request.TypeUrl == typeUrl, typeUrl, timeout);

    /// <summary>The oldest request that fits and that no earlier call returned; waits for it when it has not come.</summary>
    /// <exception cref="TimeoutException">It did not come in time, or the stream ended first.</exception>
    public async Task<DiscoveryRequest> NextRequestAsync(Func<DiscoveryRequest, bool> fits, string what = "a request", TimeSpan? timeout = null)
    {
        using var limit = new CancellationTokenSource(timeout ?? TestTimeouts.Default);
        while (true)
        {
            Task arrival;
            lock (_lock)
            {
                var index = _unread.FindIndex(request => fits(request));
                if (index >= 0)
                {
                    var request = _unread[index];
                    _unread.RemoveAt(index);
                    return request;
                }

                arrival = _arrival.Task;
            }

            if (Ended.IsCompleted)
            {
                throw new TimeoutException($"The stream ended before {what} came. Came: {Describe()}");
            }

            try
            {
                await Task.WhenAny(arrival, Ended).WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Never came: {what}. Came: {Describe()}");
            }
        }
    }

    public async Task SendAsync(DiscoveryResponse response)
    {
        await _writing.WaitAsync();
        try
        {
            await _responses.WriteAsync(response, _aborted);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Lets go of the requests so far, for a test that measures memory.</summary>
    public void ForgetRequests()
    {
        lock (_lock)
        {
            _requests.Clear();
            _requests.TrimExcess();
            _unread.Clear();
            _unread.TrimExcess();
        }
    }

    /// <summary>Ends the stream with a status, OK by default, after what was sent before.</summary>
    public void Close(StatusCode code = StatusCode.OK, string detail = "") => _close.TrySetResult(new Status(code, detail));

    /// <summary>Resets the stream without a status.</summary>
    public void Abort()
    {
        // The context serves another call once this one is over.
        if (!Ended.IsCompleted)
        {
            _context.Abort();
        }
    }

    /// <summary>All requests to the end of the stream, apart from what the test takes one by one. For one reader.</summary>
    internal IAsyncEnumerable<DiscoveryRequest> ReadAllAsync() => _requestLog.Reader.ReadAllAsync();

    internal async Task RunAsync(IAsyncStreamReader<DiscoveryRequest> requests)
    {
        try
        {
            var reading = ReadAsync(requests);
            await Task.WhenAny(reading, _close.Task);
            if (_close.Task.IsCompleted && await _close.Task is { StatusCode: not StatusCode.OK } status)
            {
                throw new RpcException(status);
            }
        }
        finally
        {
            _ended.TrySetResult();
            _requestLog.Writer.TryComplete();
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<DiscoveryRequest> requests)
    {
        try
        {
            while (await requests.MoveNext(_aborted))
            {
                Record(requests.Current);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException or InvalidOperationException)
        {
            // The client left, the connection is gone, or the test has closed the stream: Ended tells.
        }
    }

    private void Record(DiscoveryRequest request)
    {
        lock (_lock)
        {
            _requests.Add(request);
            _unread.Add(request);
            _requestLog.Writer.TryWrite(request);
            _arrival.SetResult();
            _arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private string Describe() =>
        string.Join("; ", Requests.Select(request => $"{request.TypeUrl}[{string.Join(',', request.ResourceNames)}] nonce '{request.ResponseNonce}'"));
}
