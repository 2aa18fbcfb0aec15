using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Filters;

/// <summary>How long filters live.</summary>
public sealed class HttpFiltersTests : IDisposable
{
    private const int Updates = 1000;

    private readonly Meter _meter = new("test");
    private readonly HttpFilters _filters;

    public HttpFiltersTests() => _filters = new HttpFilters(FilterEnvironments.Create(_meter, TimeProvider.System, new SeededRandomSource(1)));

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void Create_SameSetup_IsTheSameFilterUntilTheLastHolderIsGone()
    {
        var first = _filters.Create(Setup())!;
        var second = _filters.Create(Setup())!;

        _filters.Release(first);
        var third = _filters.Create(Setup())!;
        Assert.Same(first, second);
        Assert.Same(first, third);
        Assert.Equal(1, _filters.Count);

        _filters.Release(second);
        _filters.Release(third);
        Assert.Equal(0, _filters.Count);
        Assert.NotSame(first, _filters.Create(Setup()));
    }

    /// <summary>Each row is one thing about a filter that makes it another one.</summary>
    public static TheoryData<string> Differences() => ["listener", "name", "place", "config", "override", "type"];

    [Theory]
    [MemberData(nameof(Differences))]
    public void Create_AnotherSetup_IsAnotherFilter(string what)
    {
        var setup = Setup();
        var other = what switch
        {
            "listener" => setup with { Listener = "other" },
            "name" => setup with { Filter = setup.Filter with { Name = "other" } },
            "place" => setup with { Place = "other" },
            "config" => setup with { Filter = setup.Filter with { Config = Fault("other") } },
            "override" => setup with { Overrides = [Fault("other")] },
            _ => setup with { Filter = setup.Filter with { TypeUrl = "other" } },
        };

        Assert.NotSame(_filters.Create(setup), _filters.Create(other));
        Assert.Equal(2, _filters.Count);
    }

    [Fact]
    public void Create_NothingToDo_IsNoFilterAndKeepsNone()
    {
        var empty = new HttpFilterConfig("f", FaultConfig.TypeUrl) { Config = new FaultConfig { Fingerprint = "" } };

        Assert.Null(_filters.Create(new FilterSetup("l", empty, [], "")));
        Assert.Null(_filters.Create(new FilterSetup("l", empty with { Config = null }, [Fault("1")], "")));
        Assert.Equal(0, _filters.Count);
        Assert.NotNull(_filters.Create(new FilterSetup("l", empty, [Fault("1")], "")));
    }

    [Fact]
    public void Updates_AThousand_KeepWhatDidNotChangeAndNothingElse()
    {
        var weak = new List<WeakReference>();
        var (table, kept) = Build(0, weak);
        for (var update = 1; update <= Updates; update++)
        {
            var (next, same) = Build(update, weak);
            Assert.Same(kept, same);
            table.Filters!.Release();
            table = next;
        }

        Assert.Equal(2, _filters.Count); // the listener's own, and the newest override
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(weak.Count(static reference => reference.IsAlive), 1, 4); // the newest, and what a stack may still hold
        table.Filters!.Release();
        Assert.Equal(0, _filters.Count);
    }

    /// <summary>A table of two routes: one with the listener's filter, one with an override that each update changes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (RouteTable<string> Table, HttpFilter Kept) Build(int update, List<WeakReference> weak)
    {
        var overrides = new FilterOverridesConfig(ImmutableDictionary<string, FilterOverrideConfig>.Empty.Add("f", new FilterOverrideConfig(Fault($"{update}"), IsDisabled: false)));
        var action = new ForwardActionConfig([new WeightedClusterConfig("c", 1)]);
        var config = new RoutesConfig
        {
            Name = "routes",
            VirtualHosts =
            [
                new VirtualHostConfig("h", ["*"],
                [
                    new RouteConfig { Name = "changing", Match = new RouteMatchConfig(PathMatcher.Prefix("/changing", caseSensitive: true), []), Action = action, Filters = overrides },
                    new RouteConfig { Match = new RouteMatchConfig(PathMatcher.Prefix("/", caseSensitive: true), []), Action = action },
                ]),
            ],
        };
        var table = RouteTable<string>.Build(config, static name => name, filters: new FilterChain("l", [Setup().Filter], _filters));
        weak.Add(new WeakReference(PlanOf(table, "/changing").Filters.Single()));
        return (table, PlanOf(table, "/").Filters.Single());
    }

    private static FilterPlan PlanOf(RouteTable<string> table, string path)
    {
        var headers = new ProxylessMesh.Messages.HeaderList.View(new ProxylessMesh.Messages.HeaderList());
        var route = (ForwardRoute<string>)table.FindVirtualHost("h")!.Match(path, in headers, new SeededRandomSource(1))!;
        return route.Pick(in headers, new SeededRandomSource(1)).Filters!;
    }

    private static FilterSetup Setup() => new("l", new HttpFilterConfig("f", FaultConfig.TypeUrl) { Config = Fault("own") }, [], "");

    private static FaultConfig Fault(string fingerprint) => new() { Fingerprint = fingerprint, Abort = new FaultAbortConfig(new FractionConfig(1, 100)) { HttpStatus = 503 } };
}
