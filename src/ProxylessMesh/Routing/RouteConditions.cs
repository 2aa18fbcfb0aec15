using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Routing;

/// <summary>Says for a person which condition of a route a request does not meet. What the request says in a header or a query is not repeated: it may be a secret. Stateless.</summary>
internal static class RouteConditions
{
    /// <param name="match">The route's conditions.</param>
    /// <param name="unmet">The one that is not met.</param>
    /// <param name="headers">The request's headers.</param>
    public static string Describe<THeaders>(RouteMatchConfig match, UnmetCondition unmet, in THeaders headers)
        where THeaders : struct, IRequestHeaders => unmet.Kind switch
        {
            RouteConditionKind.Path => $"asks for {match.Path}",
            RouteConditionKind.Header => $"asks for {match.Headers[unmet.Index]}, and the request has {(headers.GetHeader(match.Headers[unmet.Index].Name).Count == 0 ? "none" : "another")}",
            RouteConditionKind.Impossible => "asks for dynamic metadata or filter state, which a client never has",
            RouteConditionKind.Grpc => "asks for a gRPC call (content-type)",
            RouteConditionKind.QueryParameter => $"asks for {match.QueryParameters[unmet.Index]}, and the request has {Parameter(match.QueryParameters[unmet.Index], in headers)}",
            RouteConditionKind.Fraction when match.Fraction is { } fraction
                => string.Create(CultureInfo.InvariantCulture, $"takes {fraction.Numerator} of {fraction.Denominator} requests, and this one was not drawn"),
            _ => "matches",
        };

    private static string Parameter<THeaders>(QueryParameterMatcher parameter, in THeaders headers)
        where THeaders : struct, IRequestHeaders
        => RequestPath.TryGetParameter(RequestPath.QueryOf(headers.GetHeader(":path").ToString()), parameter.Name, out _) ? "another" : "none";
}
