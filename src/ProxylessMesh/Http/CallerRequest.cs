using ProxylessMesh.Resilience;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>A caller's request and what has become of it so far: what stages are given, and what a request that is routed anew goes on with. Immutable, on the stack.</summary>
/// <param name="Message">The request, as the caller made it.</param>
/// <param name="Authority">What it asks for.</param>
/// <param name="Call">Its measurement, while somebody listens.</param>
internal readonly record struct CallerRequest(HttpRequestMessage Message, MeshAuthority Authority, MeasuredCall? Call)
{
    /// <summary>The end of its time, where it has one: its first route gave it.</summary>
    public RequestDeadline? Deadline { get; init; }

    /// <summary>How long it has waited for configuration.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Whether it has been through the filters: a request that is routed anew does not go through them again.</summary>
    public bool IsFiltered { get; init; }

    /// <summary>Where it goes as well, once that was drawn; a request that is routed anew does not go there again.</summary>
    public MirroredRequest? Mirrored { get; init; }

    /// <summary>Takes notes, where somebody asked; <see langword="null"/> for nearly every request.</summary>
    public RequestExplanation? Explanation { get; init; }
}
