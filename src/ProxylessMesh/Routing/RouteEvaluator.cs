using System.Diagnostics;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>
/// Says what a route configuration makes of a request, without sending it: the whole of routing as one pure function, made of
/// the same parts as the request road. Immutable.
/// </summary>
/// <param name="config">A validated route configuration.</param>
/// <param name="clusterExists">Whether there is a cluster of that name.</param>
/// <param name="connection">What a listener says of requests before they are routed; <see langword="null"/> for nothing.</param>
internal sealed class RouteEvaluator(RoutesConfig config, Func<string, bool> clusterExists, HttpConnectionConfig? connection = null)
{
    private readonly RouteTable<string> _routes = RouteTable<string>.Build(config, static name => name, connection);

    public RouteEvaluation Evaluate(RouteRequest request)
    {
        // 1. The request as routes see it: what only internal callers may say is gone from the others'.
        var scheme = request.IsTls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        var path = PathNormalizer.Normalize(request.Path, _routes.Connection.Path);
        request = request with { Path = path.PathAndQuery };
        var headers = new HeaderList([new(":method", request.Method), new(":path", request.Path), new(":authority", request.Authority), new(":scheme", scheme), .. request.Headers]);
        if (!request.IsInternal)
        {
            foreach (var name in config.InternalOnlyHeaders)
            {
                headers.Remove(name);
            }
        }

        if (path.LocalStatus != 0)
        {
            return new RouteEvaluation(headers) { Status = path.LocalStatus, Redirect = path.LocalStatus == NormalizedPath.Redirected ? path.PathAndQuery : null };
        }

        // 2. The virtual host.
        if (_routes.FindVirtualHost(request.Authority) is not { } host)
        {
            return new RouteEvaluation(headers) { Status = 404 };
        }

        var view = new HeaderList.View(headers);
        var virtualCluster = host.FindVirtualCluster(in view);
        if (TlsRedirect.IsNeeded(host.Config.RequireTls, scheme, request.IsInternal))
        {
            return new RouteEvaluation(headers)
            {
                VirtualHost = host.Name,
                VirtualCluster = virtualCluster,
                Status = TlsRedirect.Status,
                Redirect = TlsRedirect.Location(request.Authority, request.Path),
            };
        }

        // 3. The route, and what it does.
        var random = new GivenRandomSource(request.RandomValue);
        var route = host.Match(RequestPath.WithoutQuery(request.Path), in view, random);
        var context = new HeaderFormatContext
        {
            Request = headers,
            OriginalPath = request.Path,
            Protocol = request.Protocol,
            StartTime = request.StartTime,
            RouteName = route?.Name ?? "",
            VirtualHostName = host.Name,
            VirtualClusterName = virtualCluster,
        };
        return route switch
        {
            null => new RouteEvaluation(headers) { VirtualHost = host.Name, VirtualCluster = virtualCluster, Status = 404 },
            ForwardRoute<string> forward => Forward(forward, headers, random, context),
            RedirectRoute<string> redirect => new RouteEvaluation(headers, redirect.Headers, context)
            {
                VirtualHost = host.Name,
                Route = route.Name,
                VirtualCluster = virtualCluster,
                Status = redirect.Status,
                Redirect = redirect.Location(scheme, request.Authority, request.Path),
            },
            DirectResponseRoute<string> direct => new RouteEvaluation(headers, direct.Headers, context)
            {
                VirtualHost = host.Name,
                Route = route.Name,
                VirtualCluster = virtualCluster,
                Status = direct.Status,
                Body = direct.Body,
            },
            UnsupportedRoute<string> => new RouteEvaluation(headers) { VirtualHost = host.Name, Route = route.Name, VirtualCluster = virtualCluster, Status = 503 },
            _ => throw new UnreachableException($"Route '{route.Name}' is of the unknown type {route.GetType().Name}."),
        };
    }

    private RouteEvaluation Forward(ForwardRoute<string> route, HeaderList headers, IRandomSource random, HeaderFormatContext context)
    {
        var view = new HeaderList.View(headers);
        var choice = route.Pick(in view, random);
        var cluster = choice.ClusterNameOf(in view);
        var isFound = !string.IsNullOrEmpty(cluster) && clusterExists(cluster);
        context = context with { ClusterName = cluster };
        if (!isFound)
        {
            return new RouteEvaluation(headers, choice.Headers, context)
            {
                VirtualHost = context.VirtualHostName,
                Route = route.Name,
                VirtualCluster = context.VirtualClusterName,
                Status = route.Action.ClusterNotFoundStatus,
            };
        }

        var grpcTimeout = GrpcRequest.IsGrpc(headers.GetHeader("content-type")) && headers.GetHeader("grpc-timeout") is [{ } value, ..] ? value : null;
        var timeout = RequestTimeout.Of(route.Action.Timeouts, grpcTimeout, _routes.Connection.MaxStreamDuration);
        if (timeout.GrpcTimeout is { } left)
        {
            headers.Set("grpc-timeout", RequestTimeout.Format(left));
        }

        RequestRewrite.Apply(route, choice, headers, context);
        return new RouteEvaluation(headers, choice.Headers, context)
        {
            VirtualHost = context.VirtualHostName,
            Route = route.Name,
            VirtualCluster = context.VirtualClusterName,
            Cluster = cluster,
            Timeout = timeout.Timeout,
            TakesEndpointHost = choice.HostRewrite is EndpointHostConfig,
        };
    }

    /// <summary>Every draw gives the same number, modulo its range.</summary>
    private sealed class GivenRandomSource(ulong value) : IRandomSource
    {
        public uint Next(uint exclusiveMax) => (uint)(value % exclusiveMax);

        public double NextDouble() => (value % (1UL << 53)) / (double)(1UL << 53);
    }
}
