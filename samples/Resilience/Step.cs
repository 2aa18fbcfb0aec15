namespace Resilience;

/// <summary>One state of the mesh.yaml.</summary>
/// <param name="Name">What it is called, in the file too.</param>
/// <param name="Policy">What the route to "orders" says in its VirtualService; one line.</param>
/// <param name="RateLimit">A patch of the EnvoyFilter; empty for none.</param>
internal sealed record Step(string Name, string Policy, string RateLimit = "")
{
    private const string NoRetries = "retries: { attempts: 0 }";

    public static readonly Step Plain = new("plain", NoRetries);

    public static readonly Step Retries = new("retries", "retries: { attempts: 3, retryOn: 5xx, backoff: 1ms }");

    public static readonly Step PerTryTimeout = new("per-try-timeout", "retries: { attempts: 3, retryOn: 5xx, perTryTimeout: 100ms, backoff: 1ms }");

    public static readonly Step Fault = new("fault", NoRetries + "\n      fault: { abort: { httpStatus: 503, percentage: { value: 30 } } }");

    public static readonly Step LocalLimit = new("local-limit", NoRetries, """
            - applyTo: HTTP_ROUTE
              match: { context: SIDECAR_OUTBOUND, routeConfiguration: { vhost: { name: "orders:80", route: { name: orders } } } }
              patch:
                operation: MERGE
                value:
                  typed_per_filter_config:
                    envoy.filters.http.local_ratelimit:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                      stat_prefix: orders
                      token_bucket: { max_tokens: 20, tokens_per_fill: 20, fill_interval: 3600s }
                      filter_enabled: { default_value: { numerator: 100 } }
                      filter_enforced: { default_value: { numerator: 100 } }
        """);

    public static readonly Step GlobalLimit = new("global-limit", NoRetries, """
            - applyTo: HTTP_ROUTE
              match: { context: SIDECAR_OUTBOUND, routeConfiguration: { vhost: { name: "orders:80", route: { name: orders } } } }
              patch:
                operation: MERGE
                value:
                  route: { rate_limits: [{ actions: [{ request_headers: { header_name: x-user, descriptor_key: user } }] }] }
        """);

    public static readonly Step Mirror = new("mirror", NoRetries + "\n      mirrors: [{ destination: { host: shadow }, percentage: { value: 100 } }]");
}
