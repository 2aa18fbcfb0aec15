using System.Diagnostics.CodeAnalysis;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>A filter of the application's own. Counts the requests that it has, so that it is not disposed of under one.</summary>
internal sealed class CustomFilter : HttpFilter
{
    /// <summary>How long a request may take from its route table to its filters: no longer than a thread may be held up there.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly string _name;
    private readonly IHttpFilter _filter;
    private readonly FilterEnvironment _environment;
    private ITimer? _timer;

    /// <summary>The requests under way, and one for the route tables.</summary>
    private int _users = 1;
    private int _isDisposed;

    private CustomFilter(string name, IHttpFilter filter, FilterEnvironment environment)
    {
        _name = name;
        _filter = filter;
        _environment = environment;
    }

    /// <returns><see langword="null"/> where the application's filter has nothing to do.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever the application's code throws fails the requests that the filter is for, and no others.")]
    public static HttpFilter? Create(FilterSetup setup, CustomFilterConfig own, FilterEnvironment environment)
    {
        // An override by somebody else's type is none of this filter.
        var overrides = setup.Overrides.OfType<CustomFilterConfig>().Where(config => ReferenceEquals(config.Factory, own.Factory)).Select(static config => config.Configuration);
        try
        {
            return own.Factory.Create(own.Configuration, [.. overrides]) is { } made ? new CustomFilter(setup.Filter.Name, made, environment) : null;
        }
        catch (Exception exception)
        {
            FilterLog.CannotBeMade(environment.Logger, exception, setup.Filter.Name, setup.Listener);
            return new UnmadeFilter(setup.Filter.Name, exception);
        }
    }

    public override FilterAction? Begin(in FilterRequest request)
    {
        Interlocked.Increment(ref _users);
        return new CustomAction(this);
    }

    public override void Retire(bool isEnd)
    {
        if (_filter is not IDisposable)
        {
            return;
        }

        if (isEnd)
        {
            _timer?.Dispose();
            Leave();
        }
        else
        {
            _timer = _environment.TimeProvider.CreateTimer(static filter => ((CustomFilter)filter!).OnGraceOver(), this, Grace, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnGraceOver()
    {
        _timer?.Dispose();
        Leave();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "What the application's filter throws at its end concerns no request; it is logged.")]
    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) != 0 || _filter is not IDisposable disposable || Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        try
        {
            disposable.Dispose();
        }
        catch (Exception exception)
        {
            FilterLog.CannotBeDisposed(_environment.Logger, exception, _name);
        }
    }

    private sealed class CustomAction(CustomFilter owner) : FilterAction
    {
        public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            try
            {
                var context = new HttpFilterContext(owner._name, request.Route.VirtualHostName, request.Route.RouteName, request.ClusterName);
                request.Explanation?.OnFilter(owner._name, $"ran {owner._filter.GetType().Name}");
                return await owner._filter.SendAsync(request.Message, context, new HttpFilterNext(next), cancellationToken).ConfigureAwait(false)
                    ?? throw new InvalidOperationException($"The HTTP filter '{owner._name}' ({owner._filter.GetType()}) returned no response.");
            }
            finally
            {
                owner.Leave();
            }
        }
    }

    /// <summary>In the place of a filter that could not be made: it may be the one that guards the service.</summary>
    private sealed class UnmadeFilter(string name, Exception reason) : HttpFilter
    {
        public override FilterAction? Begin(in FilterRequest request) => new FailingAction(name, reason);
    }

    private sealed class FailingAction(string name, Exception reason) : FilterAction
    {
        public override Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
            => Task.FromException<HttpResponseMessage>(new MeshRequestException(
                MeshFailureReason.UnsupportedRoute, $"the HTTP filter '{name}' of route '{request.Route.RouteName}' could not be made: {reason.Message}", reason));
    }
}
