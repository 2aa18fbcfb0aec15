namespace ProxylessMesh.Telemetry;

/// <summary>Collects what became of one request and why, where somebody asked. Thread-safe.</summary>
internal sealed class RequestExplanation
{
    private readonly Lock _lock = new();
    private readonly List<string> _steps = [];

    /// <summary>What has been noted so far, in order.</summary>
    public IReadOnlyList<string> Steps
    {
        get
        {
            lock (_lock)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>A filter did something.</summary>
    /// <param name="filter">Its name in the listener.</param>
    /// <param name="what">What it did.</param>
    public void OnFilter(string filter, string what) => Add($"filter {filter}: {what}");

    /// <summary>An attempt has come to its end: a response, or a failure.</summary>
    /// <param name="number">1 for the first.</param>
    /// <param name="endpoint">Where it went.</param>
    /// <param name="outcome">The status, or how it broke off.</param>
    /// <param name="next">What was made of it: handed to the caller, or tried again, or why not.</param>
    public void OnAttempt(int number, string endpoint, string outcome, string next) => Add($"attempt {number} to {endpoint}: {outcome}; {next}");

    /// <summary>The caller has its answer.</summary>
    /// <param name="flags">One of <see cref="ResponseFlags"/>, or several joined by commas; empty for none.</param>
    /// <param name="details">One of <see cref="ResponseDetails"/>.</param>
    public void OnEnd(string flags, string details) => Add($"end: {details}{(flags.Length > 0 ? $" ({flags})" : "")}");

    private void Add(string step)
    {
        lock (_lock)
        {
            _steps.Add(step);
        }
    }
}
