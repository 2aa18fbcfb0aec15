namespace ProxylessMesh.Configuration;

/// <summary>
/// A value that one writer replaces whole and anyone reads with one volatile read; who cannot go on with what is there
/// waits for the next. Immutable values only.
/// </summary>
internal sealed class Published<T>(T initial)
    where T : class
{
    private volatile T _value = initial;
    private TaskCompletionSource? _changed;

    public T Value => _value;

    public void Publish(T value)
    {
        _value = value;
        Interlocked.Exchange(ref _changed, null)?.TrySetResult();
    }

    /// <summary>Completes once the value is another one than <paramref name="seen"/>.</summary>
    public Task WaitForChangeAsync(T seen, CancellationToken cancellationToken)
    {
        var changed = Volatile.Read(ref _changed);
        if (changed is null)
        {
            var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed = Interlocked.CompareExchange(ref _changed, created, null) ?? created;
        }

        // Looked at after the wait was announced: a value published in between has either been seen here or ends the wait.
        return ReferenceEquals(_value, seen) ? changed.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }
}
