using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>How connections to those endpoints are secured whose labels fit (<c>Cluster.transport_socket_matches</c>).</summary>
/// <param name="Name">Its name, for errors.</param>
/// <param name="Match">What an endpoint's labels must hold; an empty match fits every endpoint.</param>
/// <param name="Tls">The TLS asked for, or <see langword="null"/> for plaintext.</param>
internal sealed record TransportSocketMatchConfig(string Name, EndpointLabels Match, TlsConfig? Tls);

/// <summary>
/// What an endpoint says of itself for the choice of a transport socket (its metadata <c>envoy.transport_socket_match</c>).
/// Nearly all endpoints say the same, and share one object.
/// </summary>
internal sealed class EndpointLabels
{
    public static readonly EndpointLabels None = new([]);

    /// <summary>What istiod says of a workload that takes part in mutual TLS.</summary>
    public static readonly EndpointLabels IstioMutualTls = new([new("tlsMode", "istio")]);

    private readonly ImmutableArray<KeyValuePair<string, string>> _values;

    private EndpointLabels(ImmutableArray<KeyValuePair<string, string>> values) => _values = values;

    public static EndpointLabels Of(ImmutableArray<KeyValuePair<string, string>> values) => values switch
    {
        [] => None,
        [{ Key: "tlsMode", Value: "istio" }] => IstioMutualTls,
        _ => new EndpointLabels(values),
    };

    /// <summary>Whether everything that <paramref name="match"/> holds is here too.</summary>
    public bool Fits(EndpointLabels match)
    {
        foreach (var required in match._values)
        {
            if (!_values.Contains(required))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => string.Join(", ", _values.Select(static value => $"{value.Key}={value.Value}"));
}
