using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Messages;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>
/// Sends copies of requests where routes ask for it (<c>request_mirror_policies</c>), for nobody to wait for: a copy has an end of its own, its response is thrown
/// away, and neither what it does nor what it cannot do reaches the request. Thread-safe.
/// </summary>
internal sealed partial class RequestMirrors : IDisposable
{
    /// <summary>How many copies are under way at once, as many as Envoy lets a cluster have by default; those beyond are dropped.</summary>
    public const int Capacity = 1024;

    /// <summary>How many names are told of in the log.</summary>
    private const int MaxNamesLogged = 100;

    private readonly OnDemandClusters _clusters;
    private readonly IRandomSource _random;
    private readonly TimeProvider _timeProvider;
    private readonly CallMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, bool> _logged = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationToken _closed;
    private int _active;

    /// <param name="clusters">Where copies find their clusters: those are never held up for, nor waited for by requests.</param>
    /// <param name="random">For fractions and picks.</param>
    /// <param name="timeProvider">For the ends of copies.</param>
    /// <param name="metrics">Where copies are counted.</param>
    /// <param name="logger">Is told of a cluster that has no endpoint for copies, once.</param>
    public RequestMirrors(OnDemandClusters clusters, IRandomSource random, TimeProvider timeProvider, CallMetrics metrics, ILogger logger)
    {
        _clusters = clusters;
        _random = random;
        _timeProvider = timeProvider;
        _metrics = metrics;
        _logger = logger;
        _closed = _closing.Token;
    }

    /// <summary>How many copies are under way.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>The mesh ends, and with it every copy.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    /// <summary>Draws where one request goes as well.</summary>
    public MirroredRequest Draw(in CallerRequest caller, in RouteOutcome outcome, in RequestTimeout limits)
    {
        if (OutgoingRequest.IsUpgrade(caller.Message))
        {
            return MirroredRequest.Nowhere; // a conversation has no copy
        }

        List<MirrorPolicyConfig>? drawn = null;
        foreach (var policy in outcome.Route!.Action.Mirrors) // the outcome is to forward
        {
            if (policy.Fraction is not { } fraction || _random.Next(fraction.Denominator) < fraction.Numerator)
            {
                (drawn ??= []).Add(policy);
            }
        }

        if (drawn is null)
        {
            return MirroredRequest.Nowhere;
        }

        var limit = (int)Math.Min(outcome.Route!.Action.RetryBufferLimit ?? ReplayBody.DefaultLimit, int.MaxValue);
        var time = new MirrorTime(limits.Stream, limits.Route ?? RouteTimeoutsConfig.Default);
        return new MirroredRequest(this, drawn, caller.Message.Content is { } content ? new ReplayBody(content, limit, isShared: true) : null, time);
    }

    /// <summary>Sends a copy, unless there are too many. Does not wait for anything, and does not throw.</summary>
    public void Send(MirrorCopy copy)
    {
        if (Interlocked.Increment(ref _active) > Capacity || _closed.IsCancellationRequested)
        {
            Interlocked.Decrement(ref _active);
            copy.Dispose();
            _metrics.OnMirrored(copy.ClusterName, MirrorOutcome.Dropped);
            return;
        }

        // Not in the time of the caller, whose request is about to be sent.
        _ = Task.Run(() => RunAsync(copy), CancellationToken.None);
    }

    private async Task RunAsync(MirrorCopy copy)
    {
        var outcome = MirrorOutcome.Failed;
        try
        {
            outcome = await copy.RunAsync(this, _closed).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Nobody waits for it: that it failed is all there is to know.
            outcome = copy.IsCutOff ? MirrorOutcome.Dropped : MirrorOutcome.Failed;
            Log.Failed(_logger, copy.ClusterName, exception);
        }
        finally
        {
            copy.Dispose();
            Interlocked.Decrement(ref _active);
            _metrics.OnMirrored(copy.ClusterName, outcome);
        }
    }

    public CancellationTokenSource NewTimer() => new(Timeout.InfiniteTimeSpan, _timeProvider);

    /// <summary>An endpoint for a copy, with a lease, or <see langword="null"/> when its cluster has none.</summary>
    public async Task<EndpointState?> FindEndpointAsync(string clusterName, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        if (_clusters.Find(clusterName) is not { } demanded)
        {
            return null;
        }

        if (demanded.Cluster is not { View.IsPending: false })
        {
            try
            {
                await demanded.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!_closed.IsCancellationRequested)
            {
                NoteOnce(clusterName, "it has not come in time");
                return null;
            }
        }

        while (demanded.Cluster is { } cluster)
        {
            var view = cluster.View;
            var endpoint = view.Destinations is { } destinations
                ? destinations.Find(message.RequestUri!.IdnHost, message.RequestUri.Port) // a request without a URI does not enter the mesh
                : Pick(view);
            if (endpoint is null)
            {
                NoteOnce(clusterName, view.Error?.Message ?? "it has no endpoint that takes requests");
                return null;
            }

            if (endpoint.TryAcquire())
            {
                return endpoint;
            }

            // It left the configuration after the view was read: there is a newer one.
        }

        return null;
    }

    private EndpointState? Pick(ClusterView view)
        => view.Picker?.Pick(new PickContext(_random) { Hash = RequestHash.None }) is { IsNone: false } pick ? view.Endpoints[pick.Index] : null;

    private void NoteOnce(string clusterName, string reason)
    {
        if (_logged.Count < MaxNamesLogged && _logged.TryAdd(clusterName, true))
        {
            Log.NoEndpoint(_logger, clusterName, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(60, LogLevel.Warning, "Cluster '{Cluster}' gets no copies of requests, which mirror policies ask for: {Reason}. The requests themselves are not affected. Said once")]
        public static partial void NoEndpoint(ILogger logger, string cluster, string reason);

        [LoggerMessage(61, LogLevel.Debug, "A copy of a request for cluster '{Cluster}' failed")]
        public static partial void Failed(ILogger logger, string cluster, Exception exception);
    }
}
