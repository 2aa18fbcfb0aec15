using ProxylessMesh.Telemetry;

namespace ProxylessMesh;

/// <summary>
/// The explanations of the requests that were sent since <see cref="MeshExplanation.Capture"/>, until it is disposed of. One within
/// another gets its requests too. While one is open anywhere in the process, every request asks whether it is meant.
/// </summary>
/// <remarks>Safe for concurrent use. It keeps every explanation until it is let go: meant for a few requests, not for all of a service.</remarks>
public sealed class MeshExplanationCapture : IDisposable
{
    /// <summary>What the flow of a request is to be found by: nothing else goes with it through HttpClient and gRPC clients alike.</summary>
    private static readonly AsyncLocal<MeshExplanationCapture?> Flow = new();

    /// <summary>How many are open in the process.</summary>
    private static int _openCount;

    private readonly Lock _lock = new();
    private readonly List<RequestExplanation> _requests = [];
    private readonly MeshExplanationCapture? _outer;
    private int _isClosed;

    internal MeshExplanationCapture()
    {
        _outer = Flow.Value;
        Flow.Value = this;
        Interlocked.Increment(ref _openCount);
    }

    /// <summary>The requests so far, in the order in which they entered the mesh. Each call gives new snapshots.</summary>
    public IReadOnlyList<MeshExplanation> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests.Select(static request => request.ToExplanation())];
            }
        }
    }

    /// <summary>Whether one is open anywhere.</summary>
    internal static bool IsAnyOpen => Volatile.Read(ref _openCount) != 0;

    /// <summary>The innermost that is open in this flow.</summary>
    internal static MeshExplanationCapture? Current
    {
        get
        {
            var capture = Flow.Value;
            while (capture is not null && Volatile.Read(ref capture._isClosed) != 0)
            {
                capture = capture._outer;
            }

            return capture;
        }
    }

    /// <summary>All explanations in words, separated by empty lines.</summary>
    public override string ToString() => string.Join(Environment.NewLine + Environment.NewLine, Requests);

    /// <summary>Ends the collection. What it has stays readable, and requests under way go on being explained in it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            Interlocked.Decrement(ref _openCount);
            if (ReferenceEquals(Flow.Value, this))
            {
                Flow.Value = _outer;
            }
        }
    }

    internal void Add(RequestExplanation request)
    {
        lock (_lock)
        {
            _requests.Add(request);
        }

        if (_outer is not null && Volatile.Read(ref _outer._isClosed) == 0)
        {
            _outer.Add(request);
        }
    }
}
