using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Matching;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Routing;

/// <summary>A route that forwards to one of its clusters, drawn by weight (gRFC A28, <c>RouteAction.weighted_clusters</c>).</summary>
internal sealed class ForwardRoute<TCluster> : Route<TCluster>
    where TCluster : class
{
    private readonly WeightedChoice<ClusterChoice<TCluster>> _clusters;

    public ForwardRoute(RouteConfig config, ForwardActionConfig action, RouteScope scope, Func<string, TCluster> cluster)
        : base(config)
    {
        Action = action;
        Attempts = AttemptRules.Of(action, scope.VirtualHost?.IncludeAttemptCountInResponse == true);
        ExpectedTimeout = !action.Timeouts.HasMaxStreamDuration && (action.Timeouts.Timeout ?? RouteTimeoutsConfig.Default) is var timeout && timeout > TimeSpan.Zero
            ? timeout.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture)
            : null;

        // A cluster without weight is never drawn: it need not even exist.
        var drawable = action.Clusters.Where(static choice => choice.Weight > 0).ToArray();
        _clusters = new WeightedChoice<ClusterChoice<TCluster>>(
            [.. drawable.Select(choice => new ClusterChoice<TCluster>(choice, action, scope, config, cluster))],
            [.. drawable.Select(static choice => choice.Weight)]);
    }

    public ForwardActionConfig Action { get; }

    /// <summary>What is to say of the tries of a request; <see langword="null"/> for nothing.</summary>
    public AttemptRules? Attempts { get; }

    /// <summary>The route's timeout in milliseconds, as <c>x-envoy-expected-rq-timeout-ms</c> has it; <see langword="null"/> when there is none.</summary>
    public string? ExpectedTimeout { get; }

    /// <summary>Draws the cluster of one request. The caller keeps it for all of the request's attempts.</summary>
    public ClusterChoice<TCluster> Pick<THeaders>(in THeaders headers, IRandomSource random)
        where THeaders : struct, IRequestHeaders
    {
        return TryGetNumber(in headers, out var number) ? _clusters.At(number) : _clusters.Draw(random);
    }

    /// <summary>Says for a person why it was this cluster.</summary>
    /// <param name="choice">What <see cref="Pick"/> gave.</param>
    /// <param name="headers">The request's headers.</param>
    public string Explain<THeaders>(ClusterChoice<TCluster> choice, in THeaders headers)
        where THeaders : struct, IRequestHeaders
    {
        var share = Action.Clusters.Length == 1
            ? "the route's only one"
            : string.Create(CultureInfo.InvariantCulture, $"weight {choice.Weight} of {Action.Clusters.Sum(static cluster => (long)cluster.Weight)}, {(TryGetNumber(in headers, out _) ? $"taken by the number in header '{Action.RandomValueHeader}'" : "drawn")}");
        return choice.ClusterHeader is { } header ? $"named by the request's header '{header}' ({share})" : share;
    }

    private bool TryGetNumber<THeaders>(in THeaders headers, out ulong number)
        where THeaders : struct, IRequestHeaders
    {
        number = 0;
        return Action.RandomValueHeader is { } name
            && headers.GetHeader(name) is [{ } value, ..]
            && ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
