using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>Asks a service about requests that routes count as something (Envoy's rate limit filter), and refuses those that are over a limit.</summary>
internal sealed class GlobalRateLimitFilter : HttpFilter
{
    private readonly IRateLimitService _service;
    private readonly ImmutableArray<RateLimitConfig> _own;
    private readonly VirtualHostLimits _virtualHost;

    private GlobalRateLimitFilter(string name, GlobalRateLimitConfig config, RateLimitPerRouteConfig? route, FilterEnvironment environment)
    {
        Name = name;
        Config = config;
        Domain = route is { Domain.Length: > 0 } ? route.Domain : config.Domain;
        Environment = environment;
        _own = route is { RateLimits.IsEmpty: false } ? route.RateLimits : config.RateLimits;
        _virtualHost = route?.VirtualHostLimits ?? VirtualHostLimits.Override;
        _service = environment.RateLimits.Services.Open(config.Service);
    }

    public string Name { get; }

    public GlobalRateLimitConfig Config { get; }

    public string Domain { get; }

    public FilterEnvironment Environment { get; }

    /// <returns><see langword="null"/> where it limits nothing of a client's.</returns>
    public static GlobalRateLimitFilter? Create(FilterSetup setup, FilterEnvironment environment)
        => setup.Filter.Config is GlobalRateLimitConfig { LimitsInternal: true, Enabled.Numerator: > 0 } config
            ? new GlobalRateLimitFilter(setup.Filter.Name, config, setup.Find<RateLimitPerRouteConfig>(), environment)
            : null;

    public override FilterAction? Begin(in FilterRequest request)
        => RateLimitDraw.Takes(Config.Enabled, Environment.Random) && DescriptorsOf(in request) is { } descriptors
            ? new RateLimitAction(this, descriptors)
            : null;

    /// <summary>Requests that have begun are answered yet: the service's connections close with the last of them.</summary>
    public override void Retire(bool isEnd) => _service.Dispose();

    public Task<RateLimitAnswer> AskAsync(List<RateLimitDescriptor> descriptors, CancellationToken cancellationToken)
        => _service.AskAsync(new RateLimitQuestion(Domain, descriptors), Config.Timeout, cancellationToken);

    private List<RateLimitDescriptor>? DescriptorsOf(in FilterRequest request)
    {
        List<RateLimitDescriptor>? found = null;
        if (!_own.IsEmpty)
        {
            Add(_own, stage: null, in request, ref found);
            return found;
        }

        var limits = request.Route.RateLimits;
        Add(limits.Route, Config.Stage, in request, ref found);
        if (limits.UsesVirtualHost(_virtualHost))
        {
            Add(limits.VirtualHost, Config.Stage, in request, ref found);
        }

        return found;
    }

    private void Add(ImmutableArray<RateLimitConfig> limits, uint? stage, in FilterRequest request, ref List<RateLimitDescriptor>? found)
    {
        foreach (var limit in limits)
        {
            if (stage is not null && limit.Stage != stage)
            {
                continue;
            }

            var entries = new DescriptorEntry[limit.Actions.Length];
            var count = RateLimitDescriptors.Write(limit, in request, Environment.RateLimits.Origin, entries);
            if (count > 0)
            {
                (found ??= []).Add(new RateLimitDescriptor([.. entries.AsSpan(0, count)], RateLimitDescriptors.OverrideOf(limit, request.Message), limit.Hits));
            }
        }
    }
}
