using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>When a request is tried again (<c>HTTPRetry</c>): what is not said stays as Istio's default has it.</summary>
internal sealed record HttpRetry
{
    /// <summary>Tries after the first (<c>attempts</c>); none switches retries off.</summary>
    public int Attempts { get; init; }

    /// <summary>The conditions of <c>retryOn</c> in their order, without the numbers among them. Empty, with no codes either: Istio's default.</summary>
    public ImmutableArray<string> Conditions { get; init; } = [];

    /// <summary>The numbers of <c>retryOn</c>.</summary>
    public ImmutableArray<int> StatusCodes { get; init; } = [];

    /// <summary><see langword="null"/>: the route's timeout alone.</summary>
    public TimeSpan? PerTryTimeout { get; init; }

    /// <summary>Before the first retry at most; <see langword="null"/>: 25 ms.</summary>
    public TimeSpan? Backoff { get; init; }

    /// <summary>Looks at other localities too (<c>retryRemoteLocalities</c>).</summary>
    public bool RetriesRemoteLocalities { get; init; }

    /// <summary>Whether a retry looks for an endpoint that was not tried (<c>retryIgnorePreviousHosts</c>); <see langword="null"/>: yes, but not where requests are hashed.</summary>
    public bool? AvoidsPreviousHosts { get; init; }
}
