using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>Changes the headers of requests and responses: one mutation after the other, each written from the headers as the one before has left them.</summary>
internal sealed class HeaderMutationFilter : HttpFilter
{
    private readonly string _name;
    private readonly FilterEnvironment _environment;
    private readonly HeaderMutationConfig[] _request;
    private readonly HeaderMutationConfig[] _response;

    private HeaderMutationFilter(string name, FilterEnvironment environment, HeaderMutationConfig[] request, HeaderMutationConfig[] response)
    {
        _name = name;
        _environment = environment;
        _request = request;
        _response = response;
    }

    /// <returns><see langword="null"/> where nothing is changed.</returns>
    public static HeaderMutationFilter? Create(FilterSetup setup, HeaderMutationFilterConfig own, FilterEnvironment environment)
    {
        // The listener's own first; then every part of the routes, the most specific first unless it is to have the last word.
        var levels = setup.Overrides.OfType<HeaderMutationFilterConfig>();
        HeaderMutationFilterConfig[] ordered = [own, .. own.MostSpecificWins ? levels : levels.Reverse()];
        HeaderMutationConfig[] request = [.. ordered.SelectMany(static level => level.Request)];
        HeaderMutationConfig[] response = [.. ordered.SelectMany(static level => level.Response)];
        return request.Length + response.Length == 0 ? null : new HeaderMutationFilter(setup.Filter.Name, environment, request, response);
    }

    public override FilterAction? Begin(in FilterRequest request) => new HeaderMutationAction(this);

    private static void Apply(HeaderMutationConfig[] mutations, IHeaderMap headers, HeaderFormatContext context)
    {
        foreach (var mutation in mutations)
        {
            if (mutation.Remove is { } name)
            {
                headers.Remove(name);
            }
            else if (mutation.RemoveMatching is { } matcher)
            {
                foreach (var found in headers.Names)
                {
                    if (matcher.IsMatch(found) && found != "host")
                    {
                        headers.Remove(found);
                    }
                }
            }
            else if (mutation.Add is { } addition)
            {
                HeaderMutations.Add(addition, headers, context);
            }
        }
    }

    private sealed class HeaderMutationAction(HeaderMutationFilter owner) : FilterAction
    {
        public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            // 1. The request: a copy, as the caller's own stays as it is.
            var message = owner._request.Length > 0 ? OutgoingRequest.Copy(request.Message, request.Path) : request.Message;
            var context = new HeaderFormatContext
            {
                Request = new RequestHeaderMap(message, request.Host),
                Message = message,
                OriginalPath = request.Path ?? request.Message.RequestUri!.PathAndQuery, // a request without a URI does not enter the mesh
                Protocol = OutgoingRequest.ProtocolOf(message),
                StartTime = owner._environment.TimeProvider.GetUtcNow(),
                RouteName = request.Route.RouteName,
                VirtualHostName = request.Route.VirtualHostName,
                ClusterName = request.ClusterName,
            };
            Apply(owner._request, context.Request, context);
            request.Explanation?.OnFilter(owner._name, $"{owner._request.Length} mutations of the request, {owner._response.Length} of the response");

            // 2. Its response.
            var response = await next(message, cancellationToken).ConfigureAwait(false);
            if (owner._response.Length > 0)
            {
                var headers = new ResponseHeaderMap(response);
                Apply(owner._response, headers, context with { Response = headers, ResponseCode = (int)response.StatusCode });
            }

            return response;
        }
    }
}
