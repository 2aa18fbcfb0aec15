using ProxylessMesh.Filters;

namespace ProxylessMesh.Http;

/// <summary>One request on its way through the filters of its route, of which at least one has something to do.</summary>
/// <param name="pipeline">Goes on with it afterwards.</param>
/// <param name="caller">The request, as its caller made it.</param>
/// <param name="listener">Its listener.</param>
/// <param name="outcome">What its route does with it.</param>
/// <param name="plan">The filters.</param>
/// <param name="timeProvider">For what filters take of a call's time.</param>
internal sealed class FilterRun(MeshPipeline pipeline, CallerRequest caller, ListenerView listener, RouteOutcome outcome, FilterPlan plan, TimeProvider timeProvider)
{
    /// <summary>What a filter takes without waiting for anything is not worth telling the next hop of.</summary>
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(1);

    private readonly long _start = timeProvider.GetTimestamp();

    /// <param name="action">What the filter does.</param>
    /// <param name="request">The request as the filter saw it.</param>
    /// <param name="index">The filter's place.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<HttpResponseMessage> RunAsync(FilterAction action, FilterRequest request, int index, CancellationToken cancellationToken)
    {
        var response = await action.RunAsync(request, (message, token) => GoOnAsync(Follow(in request, message), index + 1, token), cancellationToken).ConfigureAwait(false);
        response.RequestMessage = caller.Message;
        return response;
    }

    /// <summary>The request as the next filter sees it. One whose URI was changed says itself what its path is.</summary>
    private static FilterRequest Follow(in FilterRequest request, HttpRequestMessage message) => request with
    {
        Message = message,
        Path = ReferenceEquals(message.RequestUri, request.Message.RequestUri) ? request.Path : null,
    };

    private Task<HttpResponseMessage> GoOnAsync(FilterRequest request, int index, CancellationToken cancellationToken)
    {
        for (; index < plan.Filters.Length; index++)
        {
            if (plan.Filters[index].Begin(in request) is { } action)
            {
                return RunAsync(action, request, index, cancellationToken);
            }
        }

        // A call's own time went on while filters held it.
        var waited = timeProvider.GetElapsedTime(_start);
        var going = caller with { Message = request.Message, Waited = waited < MinWait ? caller.Waited : caller.Waited + waited };
        return pipeline.RunRouteAsync(in going, listener, request.Path is null && outcome.Path is not null ? outcome.WithOwnPath() : outcome, cancellationToken);
    }
}
