namespace ProxylessMesh;

/// <summary>
/// The <c>x-request-id</c> that the requests of one flow of work share. A request that has the header itself keeps it. Others take
/// <see cref="Current"/>; and where there is none, a random UUID if their listener asks for it (<c>generate_request_id</c> of Envoy's
/// HttpConnectionManager, which is on by default in Istio's sidecar dialect and off in gRPC's). The attempts of one request have the same one.
/// </summary>
/// <remarks>
/// A server hands on the identifier that it was called with by setting <see cref="Current"/> where it begins to handle a request. It flows with
/// the execution context, as <see cref="System.Diagnostics.Activity.Current"/> does.
/// </remarks>
public static class MeshRequestId
{
    /// <summary>The header's name, <c>x-request-id</c>.</summary>
    public const string HeaderName = "x-request-id";

    private static readonly AsyncLocal<string?> Flowing = new();

    /// <summary>So that requests of processes which never set it need not look.</summary>
    private static volatile bool _isUsed;

    /// <summary>The identifier of the current flow of work; <see langword="null"/>, the default, for none.</summary>
    /// <exception cref="ArgumentException">The value is empty or has characters that a header cannot have.</exception>
    public static string? Current
    {
        get => _isUsed ? Flowing.Value : null;
        set
        {
            if (value is not null && (value.Length == 0 || value.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            {
                throw new ArgumentException("The identifier of a request must consist of printable ASCII characters.", nameof(value));
            }

            _isUsed = true;
            Flowing.Value = value;
        }
    }

    /// <returns>What a request is to bear, or <see langword="null"/> when it is sent as it is.</returns>
    internal static string? For(HttpRequestMessage request, bool isGenerated)
        => (!isGenerated && !_isUsed) || request.Headers.NonValidated.Contains(HeaderName) ? null : Current ?? (isGenerated ? Guid.NewGuid().ToString() : null);
}
