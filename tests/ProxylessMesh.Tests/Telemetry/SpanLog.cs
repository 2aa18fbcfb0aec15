using System.Collections.Concurrent;
using System.Diagnostics;

namespace ProxylessMesh.Tests.Telemetry;

/// <summary>Listens to the spans of one trace, which it begins, and keeps those that have ended: others in the process see nothing of it.</summary>
internal sealed class SpanLog : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    /// <param name="sources">The sources listened to.</param>
    public SpanLog(params string[] sources)
    {
        Root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        _listener = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceId == Root.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>What the test's requests are children of.</summary>
    public Activity Root { get; }

    /// <summary>The spans that have ended, in that order.</summary>
    public IReadOnlyList<Activity> Ended => [.. _ended.Where(span => span.TraceId == Root.TraceId && !ReferenceEquals(span, Root))];

    /// <summary>The attributes in words: <c>key=value</c>, by their names.</summary>
    public static IEnumerable<string> Tags(Activity span)
        => span.TagObjects.Select(static tag => FormattableString.Invariant($"{tag.Key}={tag.Value}")).Order(StringComparer.Ordinal);

    public void Dispose()
    {
        _listener.Dispose();
        Root.Dispose();
    }
}
