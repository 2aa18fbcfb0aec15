using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads one route.</summary>
internal static class RouteReader
{
    /// <returns>The route, or <see langword="null"/> when it is wrong (an error is noted) or left out (gRFC A37).</returns>
    public static RouteConfig? Read(Route route, IReadOnlySet<string> plugins, DecodeContext context)
    {
        HeaderMutationReader.Note(route.RequestHeadersToAdd.Count + route.RequestHeadersToRemove.Count, "request_headers_to_add", context);
        HeaderMutationReader.Note(route.ResponseHeadersToAdd.Count + route.ResponseHeadersToRemove.Count, "response_headers_to_add", context);
        HttpFilterReader.CheckOverrides(route.TypedPerFilterConfig, context);
        var match = ReadMatch(route.Match, context);
        var action = ReadAction(route, plugins, context);
        return match is null || action is null ? null : new RouteConfig { Name = route.Name, Match = match, Action = action };
    }

    private static RouteMatchConfig? ReadMatch(RouteMatch? match, DecodeContext context)
    {
        if (match is null)
        {
            context.Error("match", "must be set");
            return null;
        }

        using var scope = context.Enter("match");
        return RouteMatchReader.Read(match, context);
    }

    private static RouteActionConfig? ReadAction(Route route, IReadOnlySet<string> plugins, DecodeContext context)
    {
        switch (route.ActionCase)
        {
            case Route.ActionOneofCase.Route_:
                using (context.Enter("route"))
                {
                    return RouteActionReader.Read(route.Route_, plugins, context);
                }

            case Route.ActionOneofCase.Redirect:
                return new UnsupportedActionConfig("redirect");
            case Route.ActionOneofCase.DirectResponse:
                return new UnsupportedActionConfig("direct_response");
            case Route.ActionOneofCase.FilterAction:
                return new UnsupportedActionConfig("filter_action");
            case Route.ActionOneofCase.NonForwardingAction:
                return new UnsupportedActionConfig("non_forwarding_action");
            default:
                // An action newer than this version: as harmless to the other routes as the ones above.
                return new UnsupportedActionConfig("action");
        }
    }
}
