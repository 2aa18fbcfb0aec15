using System.Globalization;

namespace ProxylessMesh;

/// <summary>One endpoint that a request was sent to.</summary>
public sealed record MeshAttempt
{
    /// <summary>
    /// The number of the try, 1 for the first. Several endpoints share one when those before refused the connection or the request, which is no
    /// further try.
    /// </summary>
    public required int Number { get; init; }

    /// <summary>The endpoint's address.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Its region, zone and sub-zone, separated by slashes.</summary>
    /// <value>Empty: not known.</value>
    public string Locality { get; init; } = "";

    /// <summary>The priority it belongs to, 0 is used first.</summary>
    /// <value><see langword="null"/>: an endpoint that only the request names.</value>
    public int? Priority { get; init; }

    /// <summary>Why it was this one: how the cluster balances, the request's hash, and which endpoints are passed over because they back off.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The status, or how it broke off.</summary>
    /// <value>Empty: it is under way.</value>
    public string Outcome { get; init; } = "";

    /// <summary>What was made of that: handed to the caller, or tried again, or why not.</summary>
    public string Consequence { get; init; } = "";

    /// <summary>The attempt in words, on one line.</summary>
    public override string ToString()
    {
        var priority = Priority is { } number ? string.Create(CultureInfo.InvariantCulture, $"priority {number}, ") : "";
        var locality = Locality.Trim('/').Length > 0 ? $"locality {Locality}, " : "";
        var outcome = Outcome.Length > 0 ? $": {Outcome}; {Consequence}" : ": under way";
        return string.Create(CultureInfo.InvariantCulture, $"attempt {Number} to {Endpoint} ({priority}{locality}{Reason}){outcome}");
    }
}
