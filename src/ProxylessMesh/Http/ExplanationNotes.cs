using System.Collections.Immutable;
using System.Globalization;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>Writes into a request's explanation, where there is one, what the stages did and why. What it takes is asked for again, slowly. Stateless.</summary>
internal static class ExplanationNotes
{
    /// <summary>The routes were asked.</summary>
    /// <param name="explanation">The request's.</param>
    /// <param name="routes">The routes.</param>
    /// <param name="host">The request's host.</param>
    /// <param name="virtualHost">What answers for it.</param>
    /// <param name="route">What matches.</param>
    /// <param name="path">The request's path and query.</param>
    /// <param name="headers">The request's headers.</param>
    public static void OnRouted(
        RequestExplanation explanation, RouteTable<ClusterState> routes, string host, VirtualHost<ClusterState>? virtualHost, Route<ClusterState>? route, string path, in RequestHeaders headers)
        => explanation.OnRouted(new ExplainedRoute(
            routes.Name,
            virtualHost?.Name,
            route is null ? null : virtualHost?.NameOf(route),
            routes.Explain(host, virtualHost),
            virtualHost?.Explain(RequestPath.WithoutQuery(path), in headers, route) ?? []));

    /// <summary>The request goes to a cluster.</summary>
    public static void OnCluster(RequestExplanation explanation, in CallerRequest caller, in RouteOutcome outcome, string cluster, in RequestTimeout limits)
    {
        var (request, authority, _) = caller;
        var (route, choice) = (outcome.Route!, outcome.Choice!); // the outcome is to forward
        var headers = new RequestHeaders(request, request.Headers.Host ?? authority.Host, outcome.Path);
        explanation.OnCluster(cluster, route.Explain(choice, in headers), LimitsOf(route.Action, in limits));
    }

    /// <summary>An endpoint was picked, and the request has a lease of it.</summary>
    /// <param name="explanation">The request's.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="hash">The request's hash.</param>
    public static void OnEndpoint(RequestExplanation explanation, ClusterView view, EndpointState endpoint, RequestHash hash) => explanation.OnEndpoint(new MeshAttempt
    {
        Number = 1,
        Endpoint = endpoint.Address.ToString(),
        Locality = endpoint.Locality?.Locality.ToString() ?? "",
        Priority = endpoint.Locality?.Priority,
        Reason = ReasonOf(view, endpoint, hash),
    });

    /// <summary>The outcome of an attempt that was answered.</summary>
    public static string StatusOf(HttpResponseMessage response)
    {
        var status = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode}");
        return response.Headers.NonValidated.TryGetValues("grpc-status", out var grpc) ? $"{status}, grpc-status {grpc}" : status;
    }

    private static ImmutableArray<string> LimitsOf(ForwardActionConfig action, in RequestTimeout limits)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        Add("timeout", limits.Route);
        Add("max_stream_duration", limits.Stream);
        Add("idle_timeout", action.Timeouts.Idle);
        if (action.Retry is { } retry)
        {
            texts.Add(RetryWords.Describe(retry));
            Add("per_try_timeout", retry.PerTryTimeout);
            Add("per_try_idle_timeout", retry.PerTryIdleTimeout);
        }

        return texts.ToImmutable();

        void Add(string name, TimeSpan? limit)
        {
            if (limit > TimeSpan.Zero)
            {
                texts.Add(string.Create(CultureInfo.InvariantCulture, $"{name} {limit.Value.TotalSeconds:0.###} s"));
            }
        }
    }

    private static string ReasonOf(ClusterView view, EndpointState endpoint, RequestHash hash)
    {
        var policy = view.Config?.LoadBalancer switch
        {
            _ when view.Destinations is not null => "where the request's URI points",
            RoundRobinConfig => "round robin",
            LeastRequestConfig least => string.Create(CultureInfo.InvariantCulture, $"least request of {least.ChoiceCount} drawn"),
            RandomConfig => "random",
            RingHashConfig => "ring hash",
            MaglevConfig => "Maglev",
            var other => other?.GetType().Name ?? "",
        };
        if (view.Config?.LoadBalancer is HashingConfig)
        {
            policy += hash.IsNone ? ", no hash: drawn" : string.Create(CultureInfo.InvariantCulture, $", hash {hash.Value:x16}");
        }

        var others = view.Endpoints.Where(candidate => !ReferenceEquals(candidate, endpoint) && candidate.IsBackingOff).Select(static candidate => candidate.Address.ToString()).Distinct().ToArray();
        policy += others.Length > 0 ? $", passing over what backs off: {string.Join(' ', others)}" : "";
        return endpoint.IsBackingOff ? $"{policy}, though it backs off: there is no other" : policy;
    }
}
