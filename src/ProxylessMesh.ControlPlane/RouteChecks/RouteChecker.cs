using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;
using ProxylessMesh.Routing;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>
/// Says what a <c>RouteConfiguration</c> makes of requests, without sending any, by the same parts that route them in the mesh. Immutable, safe for
/// concurrent use.
/// </summary>
public sealed class RouteChecker
{
    private readonly RouteEvaluator _evaluator;

    private RouteChecker(RouteEvaluator evaluator) => _evaluator = evaluator;

    /// <summary>Reads a route configuration.</summary>
    /// <param name="routes">An <c>envoy.config.route.v3.RouteConfiguration</c> in YAML or JSON, with Envoy's field names in either spelling of proto JSON. <c>typed_per_filter_config</c> concerns filters and is passed over.</param>
    /// <param name="options">What is taken for granted round the routes; read at once.</param>
    /// <param name="source">What the text is called in errors, for example its file.</param>
    /// <exception cref="RouteCheckException">It is wrong; each error names the resource, the path of the field and the rule.</exception>
    public static RouteChecker Parse(string routes, RouteCheckOptions? options = null, string source = "routes")
    {
        ArgumentNullException.ThrowIfNull(routes);
        options ??= new RouteCheckOptions();
        var config = RouteConfigurationText.Read(routes, source);
        var missing = options.MissingClusters.ToImmutableHashSet(StringComparer.Ordinal);
        var connection = options.NormalizesPaths ? new HttpConnectionConfig { Path = PathNormalizationConfig.Full } : null;
        return new RouteChecker(new RouteEvaluator(config, name => !missing.Contains(name), connection));
    }

    /// <summary>Routes a request.</summary>
    public RouteCheckResult Evaluate(RouteCheckRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var evaluation = _evaluator.Evaluate(new RouteRequest
        {
            Authority = request.Authority,
            Path = request.Path,
            Method = request.Method,
            RandomValue = request.RandomValue,
            IsTls = request.IsTls,
            IsInternal = request.IsInternal,
            Headers = [.. request.Headers],
        });
        var response = new HeaderList(request.ResponseHeaders);
        if (evaluation.Redirect is not null)
        {
            response.Set("location", evaluation.Redirect);
        }

        evaluation.Apply(evaluation.Status == 0 ? 200 : evaluation.Status, response);
        return new RouteCheckResult
        {
            VirtualHost = evaluation.VirtualHost ?? "",
            Route = evaluation.Route ?? "",
            VirtualCluster = evaluation.VirtualCluster ?? "",
            Cluster = evaluation.Cluster ?? "",
            Host = evaluation.Host,
            Path = evaluation.Path,
            Redirect = evaluation.Redirect ?? "",
            Status = evaluation.Status,
            Body = evaluation.Body,
            Timeout = evaluation.Timeout,
            TakesEndpointHost = evaluation.TakesEndpointHost,
            RequestHeaders = evaluation.Request.Headers,
            ResponseHeaders = response.Headers,
        };
    }

    /// <summary>Runs tests in the shape of Envoy's router check: <c>tests</c>, each with <c>test_name</c>, <c>input</c> and <c>validate</c>.</summary>
    /// <param name="tests">The tests, in YAML or JSON.</param>
    /// <param name="source">What the text is called in errors, for example its file.</param>
    /// <exception cref="RouteCheckException">The tests are wrong; each error names the test and the field.</exception>
    public RouteCheckReport Check(string tests, string source = "tests")
    {
        ArgumentNullException.ThrowIfNull(tests);
        return new RouteCheckReport([.. RouteTestReader.Read(tests, source).Select(test => new RouteCheckOutcome(test.Name, test.Compare(Evaluate(test.Request))))]);
    }
}
