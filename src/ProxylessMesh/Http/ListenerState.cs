using System.Collections.Immutable;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>One listener while it is in use. Changed on the configuration loop, read by requests through <see cref="View"/>.</summary>
internal sealed class ListenerState(string name, ClusterRegistry clusters, IFilterSource filters)
{
    /// <summary>By what was delivered: a listener that is sent again for another reason keeps its routes.</summary>
    private static readonly IEqualityComparer<HttpFilterConfig> FilterComparer = EqualityComparer<HttpFilterConfig>.Create(
        static (one, other) => (one?.Name, one?.TypeUrl, one?.IsDisabled, one?.Config?.Fingerprint) == (other?.Name, other?.TypeUrl, other?.IsDisabled, other?.Config?.Fingerprint));

    private readonly Published<ListenerView> _view = new(ListenerView.Pending);
    private RoutesConfig? _routes;
    private HttpConnectionConfig? _connection;
    private ImmutableArray<HttpFilterConfig> _filters = [];

    public string Name { get; } = name;

    public ListenerView View => _view.Value;

    /// <summary>Whether the view should be looked at again when clusters change.</summary>
    public bool HasStandIn => View.StandIn is not null;

    /// <summary>Completes once the view is another one than <paramref name="seen"/>.</summary>
    public Task WaitForChangeAsync(ListenerView seen, CancellationToken cancellationToken) => _view.WaitForChangeAsync(seen, cancellationToken);

    public void Apply(ListenerSnapshot listener, MeshSnapshot snapshot)
    {
        var before = View;
        if (listener.Routes is null)
        {
            _routes = null;
            _view.Publish(new ListenerView(null, null, listener.Error));
            Release(before.Routes);
            Release(before.StandIn);
            return;
        }

        var connection = listener.Listener?.Connection ?? HttpConnectionConfig.Default;
        var chain = listener.Listener?.Filters ?? FaultConfig.Implied;
        if (ReferenceEquals(listener.Routes, _routes) && connection == _connection && chain.SequenceEqual(_filters, FilterComparer))
        {
            return;
        }

        _routes = listener.Routes;
        _connection = connection;
        _filters = chain;
        var routes = RouteTable<ClusterState>.Build(listener.Routes, cluster => clusters.Acquire(cluster, snapshot), connection, new FilterChain(Name, chain, filters));

        // A stand-in stays until a complete table comes, however many incomplete ones come before it.
        var lastComplete = before.StandIn ?? before.Routes;
        var standIn = IsComplete(routes) ? null : lastComplete;
        _view.Publish(new ListenerView(routes, standIn, null));
        foreach (var old in new[] { before.Routes, before.StandIn })
        {
            if (!ReferenceEquals(old, standIn))
            {
                Release(old);
            }
        }
    }

    /// <summary>Clusters changed: once none that the routes name is pending, the stand-in has done its work.</summary>
    public void OnClustersChanged()
    {
        var view = View;
        if (view.Routes is not null && view.StandIn is not null && IsComplete(view.Routes))
        {
            _view.Publish(view with { StandIn = null });
            Release(view.StandIn);
        }
    }

    /// <summary>The mesh ends: wakes the requests that wait.</summary>
    public void Close() => _view.Publish(new ListenerView(null, null, null));

    private static bool IsComplete(RouteTable<ClusterState> routes)
    {
        foreach (var cluster in routes.Clusters)
        {
            if (cluster.View.IsPending)
            {
                return false;
            }
        }

        return true;
    }

    private void Release(RouteTable<ClusterState>? routes)
    {
        foreach (var cluster in routes?.Clusters ?? [])
        {
            clusters.Release(cluster.Name);
        }

        routes?.Filters?.Release();
    }
}
