using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads one route.</summary>
internal static class RouteReader
{
    /// <returns>The route, or <see langword="null"/> when it is wrong (an error is noted) or left out (gRFC A37).</returns>
    public static RouteConfig? Read(Route route, RoutesReadContext routes, DecodeContext context)
    {
        var headers = HeaderMutationReader.Read(route.RequestHeadersToAdd, route.RequestHeadersToRemove, route.ResponseHeadersToAdd, route.ResponseHeadersToRemove, context);
        var filters = HttpFilterReader.ReadOverrides(route.TypedPerFilterConfig, context);
        var match = ReadMatch(route.Match, context);
        var action = ReadAction(route, match?.Path, routes, context);
        return match is null || action is null ? null : new RouteConfig { Name = route.Name, Match = match, Action = action, Headers = headers, Filters = filters, Metadata = RouteMetadataReader.Read(route.Metadata) };
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

    private static RouteActionConfig? ReadAction(Route route, PathMatcher? path, RoutesReadContext routes, DecodeContext context)
    {
        switch (route.ActionCase)
        {
            case Route.ActionOneofCase.Route_:
                using (context.Enter("route"))
                {
                    var action = RouteActionReader.Read(route.Route_, path, routes.Plugins, context);
                    return action is ForwardActionConfig { Mirrors.IsEmpty: true } forward ? forward with { Mirrors = routes.Mirrors } : action;
                }

            case Route.ActionOneofCase.Redirect:
                using (context.Enter("redirect"))
                {
                    return LocalActionReader.ReadRedirect(route.Redirect, context);
                }

            case Route.ActionOneofCase.DirectResponse:
                using (context.Enter("direct_response"))
                {
                    return LocalActionReader.ReadDirectResponse(route.DirectResponse, routes.MaxDirectResponseBytes, context);
                }

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
