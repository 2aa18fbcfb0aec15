namespace ProxylessMesh.Routing;

/// <summary>The first condition of a route that a request does not meet. Immutable, on the stack.</summary>
/// <param name="Kind">What it is about; <see cref="RouteConditionKind.None"/> when the request meets all.</param>
/// <param name="Index">Which of its kind.</param>
internal readonly record struct UnmetCondition(RouteConditionKind Kind, int Index = 0);

/// <summary>What a condition of a route is about, in the order in which they are looked at.</summary>
internal enum RouteConditionKind
{
    None,
    Path,
    Header,

    /// <summary>Something that a client never has.</summary>
    Impossible,
    Grpc,
    QueryParameter,
    Fraction,
}
