using System.Collections.Immutable;

namespace ProxylessMesh.Filters;

/// <summary>The filters that act on the requests of one route, in the order in which they were delivered. Immutable; a route where none acts has no plan.</summary>
/// <param name="Filters">At least one.</param>
/// <param name="Names">Their names, for explanations.</param>
/// <param name="Route">What they are told of the route.</param>
internal sealed record FilterPlan(ImmutableArray<HttpFilter> Filters, ImmutableArray<string> Names, FilterRoute Route);
