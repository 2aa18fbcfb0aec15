namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// Holds requests until the test lets them through, one per pass. Passes may be given before anybody has come. Safe for
/// concurrent use.
/// </summary>
public sealed class Gate : IDisposable
{
    private readonly SemaphoreSlim _passes = new(0);
    private readonly SemaphoreSlim _arrivals = new(0);

    /// <summary>Lets the next <paramref name="count"/> requests through.</summary>
    public void Open(int count = 1) => _passes.Release(count);

    /// <summary>Waits until one more request stands at the gate, or has passed it.</summary>
    /// <exception cref="TimeoutException">None came within <see cref="TestTimeouts.Default"/>.</exception>
    public async Task ArrivedAsync()
    {
        if (!await _arrivals.WaitAsync(TestTimeouts.Default))
        {
            throw new TimeoutException("No request arrived at the gate.");
        }
    }

    public void Dispose()
    {
        _passes.Dispose();
        _arrivals.Dispose();
    }

    /// <summary>Arrives, and waits for a pass.</summary>
    public Task PassAsync(CancellationToken cancellationToken)
    {
        _arrivals.Release();
        return _passes.WaitAsync(cancellationToken);
    }
}
