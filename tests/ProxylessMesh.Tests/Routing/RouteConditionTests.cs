using Microsoft.Extensions.Primitives;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;
using ProxylessMesh.Tests.Xds.Resources;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Routing;

/// <summary>Conditions of a route beside its path and headers.</summary>
public sealed class RouteConditionTests
{
    [Theory]
    [InlineData(""" "numerator": 30 """, 100u, 29u, true)]
    [InlineData(""" "numerator": 30 """, 100u, 30u, false)]
    [InlineData(""" "numerator": 30, "denominator": "TEN_THOUSAND" """, 10_000u, 29u, true)]
    [InlineData(""" "numerator": 1, "denominator": "MILLION" """, 1_000_000u, 1u, false)]
    [InlineData(""" "numerator": 200 """, 100u, 99u, true)]
    [InlineData(""" "numerator": 0 """, 100u, 0u, false)]
    public void Match_RuntimeFraction_TakesThatShare(string fraction, uint range, uint drawn, bool isTaken)
    {
        var random = new Draws(drawn);
        var host = Host($$"""{"name": "some", "match": {"prefix": "/", "runtimeFraction": {"defaultValue": { {{fraction}} } } }, "route": {"cluster": "c"} }""");

        var route = host.Match("/", new NoHeaders(), random);

        Assert.Equal(isTaken ? "some" : "rest", route?.Name);
        Assert.Equal([range], random.Ranges);
    }

    [Fact]
    public void Match_TwoFractions_DrawsAfreshForEach()
    {
        var random = new Draws(50, 10);
        const string Fraction = """ "runtimeFraction": {"defaultValue": {"numerator": 20}} """;
        var host = Host($$"""{"name": "a", "match": {"prefix": "/", {{Fraction}} }, "route": {"cluster": "c"} }, {"name": "b", "match": {"prefix": "/", {{Fraction}} }, "route": {"cluster": "c"} }""");

        Assert.Equal("b", host.Match("/", new NoHeaders(), random)?.Name);
    }

    [Theory]
    [InlineData(""" "dynamicMetadata": [{"filter": "f", "path": [{"key": "k"}]}] """, "rest")]
    [InlineData(""" "dynamicMetadata": [{"filter": "f", "path": [{"key": "k"}], "invert": true}] """, "some")]
    [InlineData(""" "filterState": [{}] """, "rest")]
    public void Match_WhatAClientNeverHas_IsAbsent(string condition, string expected)
    {
        var host = Host($$"""{"name": "some", "match": {"prefix": "/", {{condition}} }, "route": {"cluster": "c"} }""");

        Assert.Equal(expected, host.Match("/", new NoHeaders(), new Draws())?.Name);
    }

    private static VirtualHost<string> Host(string routes)
    {
        var result = new RoutesDecoder().Decode(ResourceJson.Routes(
            $$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{{routes}}, {"name": "rest", "match": {"prefix": "/"}, "route": {"cluster": "c"} }]}]}"""));
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return RouteTable<string>.Build(result.Resource!, static name => name).FindVirtualHost("h")!;
    }

    private readonly struct NoHeaders : IRequestHeaders
    {
        public StringValues GetHeader(string name) => StringValues.Empty;
    }

    /// <summary>Gives these numbers, and keeps the ranges that were asked for.</summary>
    private sealed class Draws(params uint[] numbers) : IRandomSource
    {
        public List<uint> Ranges { get; } = [];

        public uint Next(uint exclusiveMax)
        {
            Ranges.Add(exclusiveMax);
            return numbers[Ranges.Count - 1];
        }

        public double NextDouble() => throw new InvalidOperationException("Routes draw whole numbers.");
    }
}
