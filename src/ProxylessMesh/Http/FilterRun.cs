using System.Globalization;
using ProxylessMesh.Filters;
using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

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
    /// <summary>What explanations say of a filter that has nothing to do.</summary>
    public const string Idle = "has nothing to do";

    /// <summary>What a filter takes without waiting for anything is not worth telling the next hop of.</summary>
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(1);

    private readonly long _start = timeProvider.GetTimestamp();

    /// <param name="action">What the filter does.</param>
    /// <param name="request">The request as the filter saw it.</param>
    /// <param name="index">The filter's place.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public Task<HttpResponseMessage> RunAsync(FilterAction action, in FilterRequest request, int index, CancellationToken cancellationToken)
        => ActAsync(action, Normalize(in request), index, cancellationToken);

    /// <summary>From here on the request's URI says what its path is: filters may change it.</summary>
    private static FilterRequest Normalize(in FilterRequest request)
        => request.Path is null ? request : request with { Message = OutgoingRequest.Copy(request.Message, request.Path), Path = null };

    private async Task<HttpResponseMessage> ActAsync(FilterAction action, FilterRequest request, int index, CancellationToken cancellationToken)
    {
        FilterNext next = (message, token) => GoOnAsync(request with { Message = message }, index + 1, token);
        var acting = caller.Explanation is { } explanation
            ? ExplainAsync(explanation, plan.Names[index], action, request, next, cancellationToken)
            : action.RunAsync(request, next, cancellationToken);
        var response = await acting.ConfigureAwait(false);
        response.RequestMessage = caller.Message;
        return response;
    }

    /// <summary>Notes of a filter what can be seen from outside. What it did in detail it says itself.</summary>
    private static async Task<HttpResponseMessage> ExplainAsync(
        RequestExplanation explanation, string name, FilterAction action, FilterRequest request, FilterNext next, CancellationToken cancellationToken)
    {
        var isPassedOn = false;
        try
        {
            var response = await action.RunAsync(request, PassOn, cancellationToken).ConfigureAwait(false);
            if (!isPassedOn)
            {
                explanation.OnFilter(name, string.Create(CultureInfo.InvariantCulture, $"answers by itself: {(int)response.StatusCode}"));
            }

            return response;
        }
        catch when (!isPassedOn)
        {
            explanation.OnFilter(name, "fails the request");
            throw;
        }

        Task<HttpResponseMessage> PassOn(HttpRequestMessage message, CancellationToken token)
        {
            isPassedOn = true;
            explanation.OnFilter(name, ReferenceEquals(message, request.Message) ? "passes the request on" : "passes a changed request on");
            return next(message, token);
        }
    }

    private Task<HttpResponseMessage> GoOnAsync(FilterRequest request, int index, CancellationToken cancellationToken)
    {
        for (; index < plan.Filters.Length; index++)
        {
            if (plan.Filters[index].Begin(in request) is { } action)
            {
                return ActAsync(action, request, index, cancellationToken);
            }

            caller.Explanation?.OnFilter(plan.Names[index], Idle);
        }

        // A call's own time went on while filters held it.
        var waited = timeProvider.GetElapsedTime(_start);
        var going = caller with { Message = request.Message, Waited = waited < MinWait ? caller.Waited : caller.Waited + waited };
        return pipeline.RunRouteAsync(in going, listener, outcome.OfCopy, cancellationToken);
    }
}
