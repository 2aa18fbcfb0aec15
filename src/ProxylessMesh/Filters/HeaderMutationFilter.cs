using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>
/// Changes headers and query of requests, and headers of responses (<c>envoy.filters.http.header_mutation</c>): first what the listener says,
/// then what the levels of the routes say, each step after the other. Immutable.
/// </summary>
internal sealed class HeaderMutationFilter : HttpFilter
{
    private readonly ImmutableArray<HeaderMutationFilterConfig> _levels;
    private readonly TimeProvider _timeProvider;
    private readonly MutationAction _action;
    private readonly bool _changesRequest;
    private readonly bool _changesResponse;

    private HeaderMutationFilter(ImmutableArray<HeaderMutationFilterConfig> levels, TimeProvider timeProvider)
    {
        _levels = levels;
        _timeProvider = timeProvider;
        _action = new MutationAction(this);
        _changesRequest = levels.Any(static level => !level.Request.IsEmpty || !level.Query.IsEmpty);
        _changesResponse = levels.Any(static level => !level.Response.IsEmpty);
    }

    /// <returns><see langword="null"/> when there is nothing to change.</returns>
    public static HeaderMutationFilter? Create(FilterSetup setup, TimeProvider timeProvider)
    {
        var own = setup.Filter.Config as HeaderMutationFilterConfig;
        var routes = setup.Overrides.OfType<HeaderMutationFilterConfig>();
        ImmutableArray<HeaderMutationFilterConfig> levels =
        [
            .. new[] { own }.OfType<HeaderMutationFilterConfig>(),
            .. own is { MostSpecificWins: true } ? routes : routes.Reverse(),
        ];
        var filter = new HeaderMutationFilter(levels, timeProvider);
        return filter._changesRequest || filter._changesResponse ? filter : null;
    }

    public override FilterAction? Begin(in FilterRequest request) => _action;

    private static void Apply(ImmutableArray<HeaderStepConfig> steps, IHeaderMap headers, Func<IEnumerable<string>> names, HeaderFormatContext context)
    {
        foreach (var step in steps)
        {
            if (step.Addition is { } addition)
            {
                HeaderMutations.Apply(addition, headers, context);
            }
            else if (step.Removal is { } name)
            {
                headers.Remove(name);
            }
            else if (step.RemovalMatch is { } matcher)
            {
                foreach (var found in names().Where(found => matcher.IsMatch(found)).ToList())
                {
                    headers.Remove(found);
                }
            }
        }
    }

    private void Change(HttpRequestMessage copy, HeaderFormatContext context)
    {
        foreach (var level in _levels)
        {
            Apply(level.Request, context.Request, () => HeaderNames.Of(copy.Headers, copy.Content?.Headers), context);
            if (!level.Query.IsEmpty)
            {
                var path = copy.RequestUri!.PathAndQuery; // a request without a URI does not enter the mesh
                copy.RequestUri = OutgoingRequest.WithPath(copy.RequestUri, QueryMutations.Apply(path, level.Query));
            }
        }
    }

    private void Change(HttpResponseMessage response, HeaderFormatContext context)
    {
        var headers = new ResponseHeaderMap(response);
        context = context with { Response = headers, ResponseCode = (int)response.StatusCode };
        foreach (var level in _levels)
        {
            Apply(level.Response, headers, () => HeaderNames.Of(response.Headers, response.Content.Headers), context);
        }
    }

    private HeaderFormatContext Context(FilterRequest request) => new()
    {
        Request = new RequestHeaderMap(request.Message, request.Host),
        Message = request.Message,
        OriginalPath = request.Path ?? request.Message.RequestUri!.PathAndQuery, // as above
        Protocol = OutgoingRequest.ProtocolOf(request.Message),
        StartTime = _timeProvider.GetUtcNow(),
        RouteName = request.Route.RouteName,
        VirtualHostName = request.Route.VirtualHostName,
        ClusterName = request.Route.ClusterName,
    };

    private sealed class MutationAction(HeaderMutationFilter filter) : FilterAction
    {
        public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            if (filter._changesRequest)
            {
                request = request with { Message = OutgoingRequest.Copy(request.Message, request.Path) };
            }

            var context = filter.Context(request);
            if (filter._changesRequest)
            {
                filter.Change(request.Message, context);
            }

            var response = await next(request.Message, cancellationToken).ConfigureAwait(false);
            if (filter._changesResponse)
            {
                filter.Change(response, context);
            }

            return response;
        }
    }
}
