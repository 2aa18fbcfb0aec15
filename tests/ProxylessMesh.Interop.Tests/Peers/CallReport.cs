namespace ProxylessMesh.Interop.Tests.Peers;

/// <summary>What became of the calls of a foreign client.</summary>
/// <param name="Answers">How many calls each backend answered.</param>
/// <param name="Failed">How many calls failed.</param>
/// <param name="Failures">The first of those that failed.</param>
internal sealed record CallReport(IReadOnlyDictionary<string, int> Answers, int Failed, IReadOnlyList<CallFailure> Failures)
{
    public int Total => Failed + Answers.Values.Sum();

    public int AnswersOf(string backend) => Answers.GetValueOrDefault(backend);

    /// <summary>Fails with what the calls failed with.</summary>
    public void AssertNoneFailed() => Assert.True(Failed == 0, $"{Failed} of {Total} calls failed, first: {string.Join("; ", Failures)}");
}

/// <param name="Code">The name of the gRPC status code, as in <c>UNAVAILABLE</c>.</param>
/// <param name="Details">The status message.</param>
internal sealed record CallFailure(string Code, string Details);
