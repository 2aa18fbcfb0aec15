using System.Diagnostics;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Transport;

/// <summary>
/// Tells the endpoint of the span that it continues, in the way the process has chosen (<see cref="DistributedContextPropagator.Current"/>). A
/// connection pool makes a span of its own for each request, which nobody sees unless System.Net.Http is listened to: where the mesh's own
/// attempt is what is seen, the endpoint must not be the child of a span that is missing.
/// </summary>
internal sealed class SpanPropagator : DistributedContextPropagator
{
    public static readonly SpanPropagator Instance = new();

    public override IReadOnlyCollection<string> Fields => Current.Fields;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
        => Current.Inject(IsUnseen(activity) ? activity!.Parent : activity, carrier, setter);

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
        => Current.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter)
        => Current.ExtractBaggage(carrier, getter);

    /// <summary>A span that no listener asked for has a source without a name.</summary>
    private static bool IsUnseen(Activity? activity)
        => activity is { Source.Name: "", Parent: { } parent } && ReferenceEquals(parent.Source, MeshTracer.Source);
}
