namespace ProxylessMesh.Messages;

/// <summary>
/// The body of a request that may be sent more than once: tries after the first, hedged ones, mirrors. One that gives the same bytes each
/// time is sent as it is. Any other is read once, by a pump, into a bounded buffer from which each try has its bytes: those that came before,
/// then what follows as it comes. Thread-safe.
/// </summary>
/// <remarks>
/// Whoever opens tries says <see cref="Commit"/> when there will be no more of them, and <see cref="End"/> when the request has ended or is answered, so that the caller's body is not waited on
/// for nothing. What was not committed is not leaked, it is merely kept up to the limit.
/// </remarks>
internal sealed class ReplayBody
{
    /// <summary>How much is kept where nothing else is said, in bytes.</summary>
    public const int DefaultLimit = 64 * 1024;

    private readonly HttpContent _content;
    private readonly ReplayBuffer? _buffer;
    private volatile bool _isCommitted;

    /// <summary>What was read anew for another try.</summary>
    private byte[]? _again;

    /// <param name="content">The caller's body, which stays the caller's; or one that another body has opened, whose buffer this one then shares, limit and all.</param>
    /// <param name="limit">How many bytes are kept to be sent again.</param>
    /// <param name="isShared">Whether two sends may be under way at once: hedged ones, mirrors, a try after one whose time was over.</param>
    public ReplayBody(HttpContent content, int limit = DefaultLimit, bool isShared = false)
    {
        _content = content;
        if (content is ReplayContent opened)
        {
            _buffer = opened.Buffer;
        }
        else if (BodyKinds.Of(content) is var kind && kind != BodyKind.Constant && (isShared || kind != BodyKind.Repeatable))
        {
            _buffer = new ReplayBuffer(content, limit);
        }
    }

    /// <summary>Whether another try can send the whole of it.</summary>
    public bool CanReplay => !_isCommitted && _buffer is not { CanReplay: false };

    /// <summary>
    /// Makes sure that another try has a body: that of a gRPC call is serialized anew for it. A call that grpc-dotnet tries again by itself serializes
    /// its message once, and gives nothing the second time; it cannot be replayed.
    /// </summary>
    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        if (_buffer is not null || _again is not null || _isCommitted || BodyKinds.Of(_content) != BodyKind.Repeatable)
        {
            return;
        }

        var bytes = new MemoryStream();
        await using (bytes.ConfigureAwait(false))
        {
            await _content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            if (bytes.Length == 0)
            {
                _isCommitted = true;
                return;
            }

            _again = bytes.ToArray();
        }
    }

    /// <summary>Whether a body gives the same bytes whenever it is sent, by itself, one send after the other.</summary>
    public static bool IsRepeatable(HttpContent content) => BodyKinds.Of(content) <= BodyKind.Repeatable;

    /// <summary>The body for one try: what was sent before, and then what follows. The slowest of several sets the pace. Not to be disposed: it may be the caller's own.</summary>
    public HttpContent Open() => _buffer?.Open() ?? Again() ?? _content;

    /// <summary>The body for a copy that nobody waits for: it is cut off where it cannot keep up. Sent once, and then given back.</summary>
    public ReplayContent? OpenLossy() => _buffer?.OpenLossy();

    /// <summary>There will be no more tries: nothing is kept any longer. Nobody reads the caller's body to its end when the last try ends before.</summary>
    public void Commit()
    {
        _isCommitted = true;
        _buffer?.Commit();
    }

    /// <summary>The request is over, or has its response: no try begins any more.</summary>
    public void End()
    {
        _isCommitted = true;
        _buffer?.End();
    }

    private ByteArrayContent? Again()
    {
        if (_again is null)
        {
            return null;
        }

        var content = new ByteArrayContent(_again);
        foreach (var header in _content.Headers.NonValidated)
        {
            content.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        return content;
    }
}
