using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>The conditions of a route; all must hold.</summary>
internal sealed record RouteMatchConfig(PathMatcher Path, ImmutableArray<HeaderMatcher> Headers)
{
    public ImmutableArray<QueryParameterMatcher> QueryParameters { get; init; } = [];

    /// <summary>Only gRPC requests (<c>grpc</c>).</summary>
    public bool IsGrpc { get; init; }

    /// <summary>Only this share of the requests (<c>runtime_fraction</c>), drawn afresh for each route.</summary>
    public FractionConfig? Fraction { get; init; }

    /// <summary>
    /// A condition on something that a client never has (<c>dynamic_metadata</c>, <c>filter_state</c>): where it is absent,
    /// such a condition is not met, hence no request takes the route.
    /// </summary>
    public bool IsImpossible { get; init; }

    /// <summary>Whether every request with the right path takes the route.</summary>
    public bool IsPathOnly => Headers.IsEmpty && QueryParameters.IsEmpty && !IsGrpc && Fraction is null && !IsImpossible;
}

/// <summary>A share (<c>envoy.type.v3.FractionalPercent</c>): the numerator may exceed the denominator and is then all of it.</summary>
internal readonly record struct FractionConfig(uint Numerator, uint Denominator);
