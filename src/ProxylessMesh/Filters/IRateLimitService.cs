using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>Gives filters the services that they ask. Used on the configuration loop.</summary>
internal interface IRateLimitServices
{
    /// <returns>The service, to be disposed of when the filter is gone: its connections are closed with its last filter, and when the last question is answered.</returns>
    IRateLimitService Open(GrpcServiceConfig config);
}

/// <summary>A service that counts requests for many callers (<c>envoy.service.ratelimit.v3.RateLimitService</c>). Thread-safe.</summary>
internal interface IRateLimitService : IDisposable
{
    /// <summary>Asks whether a request is over its limits.</summary>
    /// <param name="question">What it is counted as.</param>
    /// <param name="timeout">How long the answer is waited for.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The answer; what went wrong is one too.</returns>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    Task<RateLimitAnswer> AskAsync(RateLimitQuestion question, TimeSpan timeout, CancellationToken cancellationToken);
}

/// <summary>What a request is counted as.</summary>
/// <param name="Domain">Whose limits.</param>
/// <param name="Descriptors">At least one.</param>
internal sealed record RateLimitQuestion(string Domain, IReadOnlyList<RateLimitDescriptor> Descriptors);

/// <summary>One thing that a request is counted as.</summary>
/// <param name="Entries">At least one.</param>
/// <param name="Override">A limit in place of the service's own, or <see langword="null"/>.</param>
/// <param name="Hits">How many it counts as, or <see langword="null"/>.</param>
internal sealed record RateLimitDescriptor(ImmutableArray<DescriptorEntry> Entries, RateLimitOverride? Override = null, ulong? Hits = null);

/// <summary>A limit that is sent along.</summary>
internal sealed record RateLimitOverride(uint RequestsPerUnit, RateLimitUnit Unit);

/// <summary>What requests are counted over (<c>envoy.type.v3.RateLimitUnit</c>, by its numbers).</summary>
internal enum RateLimitUnit
{
    Unknown = 0,
    Second = 1,
    Minute = 2,
    Hour = 3,
    Day = 4,
    Month = 5,
    Year = 6,
}

/// <summary>What a service answers.</summary>
/// <param name="Verdict">Whether the request is over its limits.</param>
internal sealed record RateLimitAnswer(RateLimitVerdict Verdict)
{
    /// <summary>What went wrong, where something did.</summary>
    public string Error { get; init; } = "";

    /// <summary>How each of the descriptors stands.</summary>
    public ImmutableArray<RateLimitStatus> Statuses { get; init; } = [];

    /// <summary>To be added to the response, names in lower case.</summary>
    public ImmutableArray<KeyValuePair<string, string>> ResponseHeaders { get; init; } = [];

    /// <summary>To be added to the request, names in lower case.</summary>
    public ImmutableArray<KeyValuePair<string, string>> RequestHeaders { get; init; } = [];

    /// <summary>What a refused request is answered.</summary>
    public string Body { get; init; } = "";

    /// <summary>What goes into the request's metadata; <see langword="null"/> for nothing.</summary>
    public JsonObject? Metadata { get; init; }

    public static RateLimitAnswer Failed(string error) => new(RateLimitVerdict.Error) { Error = error };
}

internal enum RateLimitVerdict
{
    /// <summary>Within its limits, or the service does not know.</summary>
    Ok,

    OverLimit,

    /// <summary>There was no answer.</summary>
    Error,
}

/// <summary>How one descriptor stands.</summary>
/// <param name="RequestsPerUnit">Its limit; <see langword="null"/> where it has none.</param>
/// <param name="Unit">Over what.</param>
/// <param name="Name">The limit's name; empty for none.</param>
/// <param name="Remaining">What is left of it.</param>
/// <param name="UntilReset">When it begins anew.</param>
internal sealed record RateLimitStatus(uint? RequestsPerUnit, RateLimitUnit Unit, string Name, uint Remaining, TimeSpan UntilReset);
