using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace ProxylessMesh;

/// <summary>
/// What became of one request in the mesh up to its response's headers, and why: an immutable snapshot. <see cref="ToString"/> tells it to a
/// person. Holds no header values of the request and no query: those may be secrets.
/// </summary>
/// <remarks>
/// Asked for by <see cref="Capture"/>, or by logging: with the category <c>ProxylessMesh.MeshExplanation</c> at level Debug, each request is
/// explained once, when its response's headers came or it failed. A request that nobody asks about costs two reads.
/// </remarks>
public sealed class MeshExplanation
{
    /// <summary>How many rejected candidates <see cref="ToString"/> names; <see cref="VirtualHosts"/> and <see cref="Routes"/> have all.</summary>
    private const int MaxNamed = 20;

    internal MeshExplanation()
    {
    }

    /// <summary>The method.</summary>
    public string Method { get; internal init; } = "";

    /// <summary>The URI without user information, and with its query as <c>*</c>.</summary>
    public string Uri { get; internal init; } = "";

    /// <summary>The listener's name, as the control plane calls it.</summary>
    public string Listener { get; internal init; } = "";

    /// <summary>The route configuration that decided. With an update under way it may be the one before (make before break).</summary>
    /// <value><see langword="null"/>: there was none.</value>
    public string? RouteConfiguration { get; internal init; }

    /// <summary>The virtual host that answered for the request's host.</summary>
    /// <value><see langword="null"/>: none did.</value>
    public string? VirtualHost { get; internal init; }

    /// <summary>The route taken; one without a name is called by its place, such as <c>#0</c>.</summary>
    /// <value><see langword="null"/>: none matched.</value>
    public string? Route { get; internal init; }

    /// <summary>All virtual hosts in their order.</summary>
    public IReadOnlyList<MeshCandidate> VirtualHosts { get; internal init; } = [];

    /// <summary>All routes of the virtual host in their order.</summary>
    public IReadOnlyList<MeshCandidate> Routes { get; internal init; } = [];

    /// <summary>What the filters of the route did, in their order; one that had nothing to do says so.</summary>
    public IReadOnlyList<MeshFilterAction> Filters { get; internal init; } = [];

    /// <summary>The cluster it went to.</summary>
    /// <value><see langword="null"/>: it went to none.</value>
    public string? Cluster { get; internal init; }

    /// <summary>Why that cluster: its weight, a header of the request, or that it stands in for one that has not come yet.</summary>
    public string? ClusterReason { get; internal init; }

    /// <summary>The limits of its time and the tries that its route allows, such as <c>timeout 15 s</c>; empty when there are none.</summary>
    public IReadOnlyList<string> Limits { get; internal init; } = [];

    /// <summary>The endpoints it was sent to, in the order of the picks.</summary>
    public IReadOnlyList<MeshAttempt> Attempts { get; internal init; } = [];

    /// <summary>What else is worth knowing, in order: that it waited for configuration, that its path was brought into normal form.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    /// <summary>How long it waited for configuration.</summary>
    public TimeSpan Waited { get; internal init; }

    /// <summary>Whether its response's headers came, or it failed. Until then the rest is what is known so far.</summary>
    public bool IsComplete { get; internal init; }

    /// <summary>What became of it in Envoy's short names (<c>%RESPONSE_FLAGS%</c>), joined by commas; empty for none.</summary>
    public string ResponseFlags { get; internal init; } = "";

    /// <summary>Who answered and why, in Envoy's words (<c>%RESPONSE_CODE_DETAILS%</c>), such as <c>via_upstream</c>; empty until it is complete.</summary>
    public string ResponseDetails { get; internal init; } = "";

    /// <summary>The HTTP status its caller got.</summary>
    /// <value><see langword="null"/>: none; it failed with an exception, or is under way.</value>
    public int? StatusCode { get; internal init; }

    /// <summary>
    /// Collects the explanations of all requests that are sent through a mesh from here on: by this method's caller and by what it calls or
    /// starts, and by nobody else. Works with HttpClient and with gRPC clients.
    /// </summary>
    /// <returns>The collection; disposed by the caller, in the method that called this one.</returns>
    public static MeshExplanationCapture Capture() => new();

    /// <summary>The explanation in words, over several lines.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Method).Append(' ').Append(Uri).AppendLine(CultureInfo.InvariantCulture, $": listener '{Listener}', route configuration {Quoted(RouteConfiguration)}");
        foreach (var note in Notes)
        {
            text.Append("  ").AppendLine(note);
        }

        Append(text, "virtual host", VirtualHost, VirtualHosts);
        Append(text, "route", Route, Routes);
        foreach (var filter in Filters)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  filter '{filter.Name}': {filter.Action}");
        }

        if (Cluster is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  cluster '{Cluster}': {ClusterReason}");
        }

        if (Limits.Count > 0)
        {
            text.Append("  limits: ").AppendJoin(", ", Limits).AppendLine();
        }

        foreach (var attempt in Attempts)
        {
            text.Append("  ").AppendLine(attempt.ToString());
        }

        var status = StatusCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"{code} ") : "";
        return text.Append(IsComplete ? $"  end: {status}{ResponseDetails}{(ResponseFlags.Length > 0 ? $" ({ResponseFlags})" : "")}" : "  under way").ToString();
    }

    private static void Append(StringBuilder text, string kind, string? chosen, IReadOnlyList<MeshCandidate> candidates)
    {
        if (chosen is null && candidates.Count == 0)
        {
            return;
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  {kind} {Quoted(chosen)}");
        var rejected = candidates.Where(static candidate => candidate.Rejection is not null).ToImmutableArray();
        foreach (var candidate in rejected.Take(MaxNamed))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    not '{candidate.Name}': {candidate.Rejection}");
        }

        if (rejected.Length > MaxNamed)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    nor {rejected.Length - MaxNamed} more");
        }
    }

    private static string Quoted(string? name) => name is null ? "none" : $"'{name}'";
}
