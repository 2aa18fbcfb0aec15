namespace Quickstart;

/// <summary>One request's outcome: who answered, or why nobody did.</summary>
/// <param name="Call">What was called: <see cref="Calls.Http"/> or <see cref="Calls.Grpc"/>.</param>
/// <param name="Version">The version that answered; empty after a failure.</param>
/// <param name="Port">The port that answered; 0 after a failure.</param>
/// <param name="Failure">Why the request failed, or <see langword="null"/>.</param>
internal sealed record Answer(string Call, string Version, int Port, string? Failure = null);

/// <summary>The answers of one stretch of the program.</summary>
internal sealed class Answers(IReadOnlyList<Answer> all)
{
    public int Count => all.Count;

    public IReadOnlyList<string> Failures => [.. all.Select(answer => answer.Failure).OfType<string>()];

    public int CountOf(string call, string version) => all.Count(answer => answer.Call == call && answer.Version == version);

    public int FailuresOf(string call) => all.Count(answer => answer.Call == call && answer.Failure is not null);

    /// <summary>The version's part of what was answered to the call, 0 to 1.</summary>
    public double ShareOf(string call, string version)
        => (double)CountOf(call, version) / Math.Max(1, all.Count(answer => answer.Call == call && answer.Failure is null));

    /// <summary>
    /// Whether the share is the weight but for chance: within five standard deviations of a fair draw, which fails by
    /// itself once in a million runs and tells 90 from 50 at once.
    /// </summary>
    public bool HasShare(string call, string version, double weight)
        => Math.Abs(ShareOf(call, version) - weight) <= 5 * Math.Sqrt(weight * (1 - weight) / Math.Max(1, all.Count(answer => answer.Call == call)));

    /// <summary>Whether every answer came from one of these backends.</summary>
    public bool AreAllFrom(params Backend[] backends)
        => all.All(answer => answer.Failure is null && backends.Any(backend => answer.Port == backend.HttpPort || answer.Port == backend.GrpcPort));
}
