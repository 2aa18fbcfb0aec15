using System.Net;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Telemetry;
using static ProxylessMesh.Tests.EndToEnd.FilteredMesh;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Where filters stand on a request's road, over real sockets.</summary>
public sealed class FilterChainTests
{
    private const string Abort = $$"""{{Fault}}, "abort": {"httpStatus": 418, {{Always}} } """;

    /// <summary>Each row: where the abort is said, and where it is switched off again; and whether a request is aborted.</summary>
    public static TheoryData<string, string, string, string, bool> Levels() => new()
    {
        { $$"""{"name": "fault", "typedConfig": { {{Abort}} } }""", "", "", Plain, true },
        { EmptyFault, "", "", Plain, false },
        { EmptyFault, $"{Override("fault", Abort)},", "", Plain, true },
        { EmptyFault, "", $"{Override("fault", Abort)},", Plain, true },
        { EmptyFault, "", "", Route(Override("fault", Abort)), true },
        { EmptyFault, "", "", Weighted(Override("fault", Abort)), true },
        { EmptyFault, $"{Override("fault", Abort)},", "", Route(Override("fault", Fault)), false }, // replaced wholly
        { $$"""{"name": "fault", "typedConfig": { {{Abort}} } }""", "", "", Route(Override("fault", Disabled)), false },
        { $$"""{"name": "fault", "disabled": true, "typedConfig": { {{Abort}} } }""", "", "", Plain, false },
        { EmptyFault.Replace("\"name\"", "\"disabled\": true, \"name\"", StringComparison.Ordinal), "", "", Route(Override("fault", Abort)), true },
        { $$"""{"name": "fault", "typedConfig": { {{Abort}} } }""", "", "", Route(Override("other", Disabled)), true },
        { EmptyFault, "", "", Route(Override("fault", $$""" "@type": "{{Wrapper}}", "config": { {{Abort}} } """)), true },
        { "", "", "", Route(Override("fault", Abort)), false }, // the listener has no such filter
    };

    private const string Wrapper = "type.googleapis.com/envoy.config.route.v3.FilterConfig";

    private const string Disabled = $$""" "@type": "{{Wrapper}}", "disabled": true """;

    [Theory]
    [MemberData(nameof(Levels))]
    public async Task Send_FilterOfSomeLevel_ActsWhereTheMostSpecificSaysSo(string filters, string routesFields, string hostFields, string route, bool isAborted)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(filters, route, hostFields, routesFields), backend);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(isAborted ? 418 : 200, (int)response.StatusCode);
        Assert.Equal(isAborted ? 0 : 1, backend.RequestCount);
        Assert.Equal(isAborted, mesh.Mesh.Runtime.Pipeline!.Listeners.Find(new Uri("http://orders/"))!.Listener.View.Routes!.Filters!.IsUsed);
    }

    [Theory]
    [InlineData("""{"match": {"prefix": "/"}, "redirect": {"hostRedirect": "new.example"} }""", HttpStatusCode.MovedPermanently)]
    [InlineData("""{"match": {"prefix": "/"}, "directResponse": {"status": 202} }""", HttpStatusCode.Accepted)]
    public async Task Send_RouteThatAnswersByItself_IsFilteredBefore(string route, HttpStatusCode own)
    {
        await using var mesh = await StartAsync(Listener(EmptyFault, $"{route[..^1]}, {Override("fault", $$"""{{Fault}}, "headers": [{"name": "x-f", "presentMatch": true}], "abort": {"httpStatus": 418, {{Always}} } """)} }}"));
        using var faulted = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "x-f", "1" } } };

        using var plain = await mesh.Client.GetAsync(new Uri("http://orders/"));
        using var aborted = await mesh.Client.SendAsync(faulted);

        Assert.Equal(own, plain.StatusCode);
        Assert.Equal(418, (int)aborted.StatusCode);
        Assert.Same(faulted, aborted.RequestMessage);
    }

    [Fact]
    public async Task Update_OfFiltersAlone_TakesEffect()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(EmptyFault), backend);
        Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));

        await mesh.ControlPlane.SetAsync(Listener($$"""{"name": "fault", "typedConfig": { {{Abort}} } }"""));
        await Until.TrueAsync(async () => await StatusAsync(mesh) == 418, "requests are aborted");
        await mesh.ControlPlane.SetAsync(Listener(""));
        await Until.TrueAsync(async () => await StatusAsync(mesh) == 200, "requests pass again");
    }

    [Fact]
    public async Task Send_WaitsForItsClusterAfterTheFilters_IsNotFilteredTwice()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(Listener($$"""{"name": "fault", "typedConfig": { {{Fault}}, "delay": {"fixedDelay": "0.001s", {{Always}} } } }"""));
        await mesh.Mesh.Runtime.StartAsync(CancellationToken.None);
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        var answer = mesh.BackendOfAsync("http://orders/");
        await Until.TrueAsync(() => log.Series("mesh.client.faults").Any(), "the request is delayed");
        await mesh.ControlPlane.SetAsync(XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));

        Assert.Equal("b1", await answer.WaitAsync(TestTimeouts.Default));
        Assert.Equal(["mesh.client.faults{mesh.fault.kind=delay,mesh.cluster=c}"], log.Series("mesh.client.faults"));
    }

    [Fact]
    public async Task Update_WithARequiredFilterThatNobodyKnows_IsRejectedAndTheOldFiltersStay()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener($$"""{"name": "fault", "typedConfig": { {{Abort}} } }"""), backend);
        Assert.Equal(418, await StatusAsync(mesh));

        await mesh.ControlPlane.SetAsync(Listener("""{"name": "guard", "typedConfig": {"@type": "type.googleapis.com/envoy.type.v3.Percent"} }"""));
        await Until.TrueAsync(() => mesh.ControlPlane.Nacks.Count > 0, "the listener is rejected");

        var reason = mesh.ControlPlane.Nacks[0].ErrorDetail.Message;
        Assert.Contains("http_filters[0].typed_config: the filter type 'type.googleapis.com/envoy.type.v3.Percent' is not supported", reason, StringComparison.Ordinal);
        Assert.Equal(418, await StatusAsync(mesh));
    }

    private static async Task<int> StatusAsync(MeshFixture mesh)
    {
        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));
        return (int)response.StatusCode;
    }

    private static string Route(string fields) => $"{Plain[..^1]}, {fields} }}";

    private static string Weighted(string fields) => $$"""{"match": {"prefix": "/"}, "route": {"weightedClusters": {"clusters": [{"name": "c", "weight": 1, {{fields}} }]}, "timeout": "0s"} }""";
}
