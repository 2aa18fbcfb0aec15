using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;

namespace ProxylessMesh.Tests.Filters;

/// <summary>Which filters act on a route, in which order, and with which configuration.</summary>
public sealed class FilterChainTests
{
    private static readonly FilterRoute Route = new() { RouteName = "r" };

    private readonly RecordingSource _source = new();

    [Fact]
    public void PlanFor_SeveralFilters_ActInTheOrderDelivered()
    {
        var chain = new FilterChain("l", [Filter("b"), Filter("a"), Filter("c")], _source);

        var plan = chain.PlanFor(Route);

        Assert.Equal<string>(["b", "a", "c"], plan!.Names);
        Assert.Equal(["b", "a", "c"], plan.Filters.Select(static filter => ((RecordedFilter)filter).Setup.Filter.Name));
        Assert.Same(Route, plan.Route);
    }

    [Fact]
    public void PlanFor_FiltersWithNothingToDo_IsNoPlan()
    {
        var idle = new FilterChain("l", [Filter("idle"), Filter("idle")], _source);

        Assert.Null(idle.PlanFor(Route));
        Assert.Null(new FilterChain("l", [], _source).PlanFor(Route));
        Assert.True(new FilterChain("l", [], _source).IsEmpty);
    }

    /// <summary>
    /// Each row: whether the listener has the filter off; what route configuration, virtual host, route and cluster say of it (- nothing, ! off, or a
    /// configuration); what the filter is made of, its listener's own first, and the place that its state belongs to; or nothing when it is off.
    /// </summary>
    [Theory]
    [InlineData(false, "- - - -", "f", "")]
    [InlineData(false, "c - - -", "f c", "routes")]
    [InlineData(false, "- h - -", "f h", "host")]
    [InlineData(false, "- - r -", "f r", "route")]
    [InlineData(false, "- - - w", "f w", "cluster")]
    [InlineData(false, "c h r w", "f c h r w", "cluster")]
    [InlineData(false, "c h - -", "f c h", "host")]
    [InlineData(false, "! - - -", null, "")]
    [InlineData(false, "- - ! -", null, "")]
    [InlineData(false, "c h ! -", null, "")]
    [InlineData(false, "- - ! w", "f w", "cluster")]
    [InlineData(false, "! h - -", "f h", "host")]
    [InlineData(false, "- h - !", null, "")]
    [InlineData(true, "- - - -", null, "")]
    [InlineData(true, "c - - -", "f c", "routes")]
    [InlineData(true, "- - r -", "f r", "route")]
    [InlineData(true, "c - ! -", null, "")]
    [InlineData(true, "- - ! w", "f w", "cluster")]
    public void PlanFor_Overrides_TheMostSpecificDecides(bool isOff, string levels, string? made, string place)
    {
        var chain = new FilterChain("l", [Filter("f") with { IsDisabled = isOff }], _source);
        var said = levels.Split(' ').Zip(["routes", "host", "route", "cluster"], static (what, where) => new FilterLevel(Override("f", what), where)).ToArray();

        var plan = chain.PlanFor(Route, said);

        var setup = ((RecordedFilter?)plan?.Filters.Single())?.Setup;
        Assert.Equal(made, setup is null ? null : string.Join(' ', setup.Overrides.Select(static config => config.Fingerprint).Prepend(setup.Filter.Config!.Fingerprint)));
        Assert.Equal(place, setup?.Place ?? "");
        Assert.Equal(made?.Split(' ')[^1], setup?.Find<FaultConfig>()?.Fingerprint);
    }

    [Fact]
    public void PlanFor_OverrideOfAnotherName_ChangesNothing()
    {
        var chain = new FilterChain("l", [Filter("f")], _source);

        var plan = chain.PlanFor(Route, new FilterLevel(Override("other", "!"), "route"));

        Assert.Empty(((RecordedFilter)plan!.Filters.Single()).Setup.Overrides);
    }

    [Fact]
    public void Release_AfterSeveralPlans_GivesEachFilterBackOnce()
    {
        var chain = new FilterChain("l", [Filter("a"), Filter("idle"), Filter("b")], _source);
        chain.PlanFor(Route);
        chain.PlanFor(Route);

        chain.Release();
        chain.Release();

        Assert.Equal(["a", "b", "a", "b"], _source.Released.Select(static filter => filter.Setup.Filter.Name));
    }

    private static HttpFilterConfig Filter(string name) => new(name, FaultConfig.TypeUrl) { Config = new FaultConfig { Fingerprint = name } };

    private static FilterOverridesConfig Override(string name, string what) => what == "-"
        ? FilterOverridesConfig.None
        : new FilterOverridesConfig(ImmutableDictionary<string, FilterOverrideConfig>.Empty.Add(name, new FilterOverrideConfig(what == "!" ? null : new FaultConfig { Fingerprint = what }, what == "!")));

    private sealed class RecordingSource : IFilterSource
    {
        public List<RecordedFilter> Released { get; } = [];

        public HttpFilter? Create(FilterSetup setup) => setup.Filter.Name == "idle" ? null : new RecordedFilter(setup);

        public void Release(HttpFilter filter) => Released.Add((RecordedFilter)filter);
    }

    private sealed class RecordedFilter(FilterSetup setup) : HttpFilter
    {
        public FilterSetup Setup => setup;

        public override FilterAction? Begin(in FilterRequest request) => null;
    }
}
