using System.Globalization;
using ProxylessMesh.Filters;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>One request on its way through the filters of its route, of which at least one has something to do.</summary>
/// <param name="pipeline">Goes on with it afterwards.</param>
/// <param name="caller">The request, as its caller made it.</param>
/// <param name="listener">Its listener.</param>
/// <param name="outcome">What its route does with it.</param>
/// <param name="plan">The filters.</param>
internal sealed class FilterRun(MeshPipeline pipeline, CallerRequest caller, ListenerView listener, RouteOutcome outcome, FilterPlan plan)
{
    /// <summary>What explanations say of a filter that has nothing to do.</summary>
    public const string Idle = "has nothing to do";

    /// <param name="action">What the filter does.</param>
    /// <param name="request">The request as the filter saw it.</param>
    /// <param name="index">The filter's place.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<HttpResponseMessage> RunAsync(FilterAction action, FilterRequest request, int index, CancellationToken cancellationToken)
    {
        var response = caller.Explanation is { } explanation
            ? await ExplainAsync(explanation, action, request, index, cancellationToken).ConfigureAwait(false)
            : await action.RunAsync(request, (message, token) => GoOnAsync(request with { Message = message }, index + 1, token), cancellationToken).ConfigureAwait(false);
        response.RequestMessage = caller.Message;
        return response;
    }

    /// <summary>Notes of a filter what can be seen from outside. What it did in detail it says itself.</summary>
    private async Task<HttpResponseMessage> ExplainAsync(RequestExplanation explanation, FilterAction action, FilterRequest request, int index, CancellationToken cancellationToken)
    {
        var isPassedOn = false;
        try
        {
            var response = await action.RunAsync(
                request,
                (message, token) =>
                {
                    isPassedOn = true;
                    explanation.OnFilter(plan.Names[index], ReferenceEquals(message, request.Message) ? "passes the request on" : "passes a changed request on");
                    return GoOnAsync(request with { Message = message }, index + 1, token);
                },
                cancellationToken).ConfigureAwait(false);
            if (!isPassedOn)
            {
                explanation.OnFilter(plan.Names[index], string.Create(CultureInfo.InvariantCulture, $"answers by itself: {(int)response.StatusCode}"));
            }

            return response;
        }
        catch when (!isPassedOn)
        {
            explanation.OnFilter(plan.Names[index], "fails the request");
            throw;
        }
    }

    private Task<HttpResponseMessage> GoOnAsync(FilterRequest request, int index, CancellationToken cancellationToken)
    {
        for (; index < plan.Filters.Length; index++)
        {
            if (plan.Filters[index].Begin(in request) is { } action)
            {
                return RunAsync(action, request, index, cancellationToken);
            }

            caller.Explanation?.OnFilter(plan.Names[index], Idle);
        }

        return pipeline.RunRouteAsync(caller with { Message = request.Message }, listener, in outcome, cancellationToken);
    }
}
