using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Tests.Translation;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.ControlPlane.Yaml;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.World;

/// <summary>What a client sees: visibility, precedence, Sidecars, and conditions on the client itself.</summary>
public sealed class ClientViewTests
{
    private const string Cart = "cart.shop.svc.cluster.local";
    private const string CartRoutes = "outbound|80||" + Cart;

    [Theory]
    [InlineData("", "shop other")]
    [InlineData("exportTo: ['*']", "shop other")]
    [InlineData("exportTo: ['.']", "shop")]
    [InlineData("exportTo: [other]", "other")]
    [InlineData("exportTo: ['.', other]", "shop other")]
    [InlineData("exportTo: ['~']", "")]
    public void View_ExportToOfAService_DecidesWhoSeesIt(string exportTo, string expected)
        => Assert.Equal(expected, Seeing(ServiceEntry(Cart, "shop", exportTo)));

    [Theory]
    [InlineData("defaultServiceExportTo: ['.']", "", "shop")]
    [InlineData("defaultServiceExportTo: ['.']", "exportTo: ['*']", "shop other")]
    public void View_DefaultOfTheMesh_HoldsWhereTheServiceSaysNothing(string meshConfig, string exportTo, string expected)
        => Assert.Equal(expected, Seeing(meshConfig + "\n---\n" + ServiceEntry(Cart, "shop", exportTo)));

    [Theory]
    [InlineData("shop", "private")]
    [InlineData("other", "public")]
    [InlineData("third", "exported")]
    public void View_VirtualServices_PrivateBeatsExportedBeatsPublic(string client, string expected)
    {
        var text = ServiceEntry(Cart, "shop")
            + Route("public", "shop", "exportTo: ['*']")
            + Route("exported", "shop", "exportTo: [third]")
            + Route("private", "shop", "exportTo: ['.']");

        Assert.Equal("/" + expected, View(text, client).VirtualHost(CartRoutes).Routes[0].Match.Path);
    }

    [Fact]
    public void View_TwoPublicVirtualServices_TakesTheFirstAndDoesNotMerge()
    {
        var text = ServiceEntry(Cart, "shop") + Route("first", "shop") + Route("second", "shop");

        Assert.Equal(["/first"], View(text, "shop").VirtualHost(CartRoutes).Routes.Select(route => route.Match.Path));
    }

    [Fact]
    public void View_WildcardVirtualService_LosesToTheExactOne()
    {
        var wildcard = Route("wildcard", "shop").Replace($"hosts: [{Cart}]", "hosts: ['*.shop.svc.cluster.local']", StringComparison.Ordinal);
        var text = ServiceEntry(Cart, "shop") + ServiceEntry("basket.shop.svc.cluster.local", "shop") + wildcard + Route("exact", "shop");

        Assert.Equal("/exact", View(text, "shop").VirtualHost(CartRoutes).Routes[0].Match.Path);
        Assert.Equal("/wildcard", View(text, "shop").VirtualHost("outbound|80||basket.shop.svc.cluster.local").Routes[0].Match.Path);
    }

    [Theory]
    [InlineData("shop", "of-service")]
    [InlineData("other", "of-client")]
    [InlineData("third", "of-service")]
    public void View_DestinationRules_TakesTheClientsThenTheServicesThenTheRoots(string client, string expected)
    {
        var text = ServiceEntry(Cart, "shop") + Rule("of-root", "istio-system") + Rule("of-client", "other") + Rule("of-service", "shop");

        Assert.Equal([expected], Subsets(text, client));
    }

    [Theory]
    [InlineData("", "of-root")]
    [InlineData("rootNamespace: elsewhere", "")]
    public void View_RuleOfTheRootNamespace_IsTheLastResort(string meshConfig, string expected)
        => Assert.Equal(expected, string.Join(' ', Subsets(meshConfig + "\n---\n" + ServiceEntry(Cart, "shop") + Rule("of-root", "istio-system"), "third")));

    [Theory]
    [InlineData("app: web", "selected")]
    [InlineData("app: other", "all")]
    public void View_RuleWithWorkloadSelector_IsForThoseWorkloads(string label, string expected)
    {
        var text = ServiceEntry(Cart, "shop") + Rule("all", "shop") + Rule("selected", "shop", "workloadSelector: {matchLabels: {app: web}}");

        Assert.Equal(expected, Subsets(text, "shop", label)[0]);
    }

    [Theory]
    [InlineData("sourceNamespace: shop", "shop", "app: web", true)]
    [InlineData("sourceNamespace: shop", "other", "app: web", false)]
    [InlineData("sourceLabels: {app: web}", "shop", "app: web", true)]
    [InlineData("sourceLabels: {app: web}", "shop", "app: api", false)]
    [InlineData("sourceLabels: {app: web}, gateways: [mesh]", "shop", "app: api", true)] // labels are not consulted where gateways are given
    [InlineData("gateways: [ingress]", "shop", "app: web", false)]
    [InlineData("gateways: [ingress, mesh]", "shop", "app: web", true)]
    [InlineData("port: 80", "shop", "app: web", true)]
    [InlineData("port: 81", "shop", "app: web", false)]
    [InlineData("statPrefix: mine", "shop", "app: web", true)]
    public void View_ConditionOnTheClient_DecidesWhetherTheRouteIsThere(string match, string ns, string label, bool expected)
    {
        var text = ServiceEntry(Cart, "shop") + Route("matched", "shop").Replace("exact: /matched}", $"exact: /matched}}, {match}", StringComparison.Ordinal);

        Assert.Equal(expected, View(text, ns, label).VirtualHost(CartRoutes).Routes.Any(route => route.Match.Path == "/matched"));
    }

    [Theory]
    [InlineData("{prefix: /a}", "{prefix: /a/b}", "/a/b")]
    [InlineData("{prefix: /a}", "{exact: /a/b}", "/a/b")]
    [InlineData("{exact: /a}", "{exact: /a}", "/a")]
    [InlineData("{prefix: /a/b}", "{prefix: /a}", null)]
    [InlineData("{exact: /a}", "{prefix: /a}", null)]
    [InlineData("{regex: '/a.*'}", "{exact: /a}", null)]
    [InlineData("{prefix: /a}", null, "/a")]
    [InlineData(null, "{exact: /a}", "/a")]
    public void View_Delegate_NarrowsTheMatchOrIsLeftOut(string? root, string? leaf, string? expected)
    {
        var rootMatch = root is null ? "" : "match: [{uri: " + root + ", headers: {x-root: {}}}]";
        var leafMatch = leaf is null ? "" : "match: [{uri: " + leaf + "}]";
        var text = ServiceEntry(Cart, "shop") + $$"""
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: root, namespace: shop}
            spec:
              hosts: [{{Cart}}]
              http:
              - name: outer
                {{rootMatch}}
                headers: { request: { set: { x-a: root, x-b: root } } }
                timeout: 3s
                delegate: {name: leaf, namespace: teams}
              - match: [{ uri: { exact: /last } }]
                directResponse: {status: 204}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: leaf, namespace: teams}
            spec:
              exportTo: [shop]
              http:
              - name: inner
                {{leafMatch}}
                headers: { request: { set: { x-b: leaf } } }
                route: [{destination: { host: {{Cart}} } }]
            """;

        var result = MeshYamlReader.Read(MeshYaml.File, text);
        var routes = MeshYaml.Translate(text).For(MeshClient.Default with { Namespace = "shop" }).VirtualHost(CartRoutes).Routes;

        Assert.Equal(expected is null ? ["/last"] : [expected, "/last"], routes.Select(route => route.Match.Path.Length > 0 ? route.Match.Path : route.Match.Prefix));
        Assert.Equal(expected is null ? 1 : 0, result.Warnings.Length);
        if (expected is not null)
        {
            Assert.Equal("outer-inner", routes[0].Name);
            Assert.Equal(TimeSpan.FromSeconds(3), routes[0].Route_.Timeout.ToTimeSpan());
            Assert.Equal(["x-a: root", "x-b: leaf"], routes[0].RequestHeadersToAdd.Select(option => $"{option.Header.Key}: {option.Header.Value}"));
            Assert.Equal(root is null ? 0 : 1, routes[0].Match.Headers.Count);
        }
    }

    [Theory]
    [InlineData("./*", "cart basket")]
    [InlineData("shop/cart.shop.svc.cluster.local", "cart")]
    [InlineData("*/cart.shop.svc.cluster.local", "cart")]
    [InlineData("*/*.shop.svc.cluster.local", "cart basket")]
    [InlineData("other/*", "orders")]
    [InlineData("*/*", "cart basket orders")]
    [InlineData("~/*", "")]
    public void View_SidecarEgress_LetsThroughItsHosts(string host, string expected)
        => Assert.Equal(expected, Hosts(Three + Sidecar("default", "shop", $"egress: [{{hosts: ['{host}']}}]"), "shop", "app: web"));

    [Theory]
    [InlineData("shop", "app: web", "cart")]
    [InlineData("shop", "app: api", "basket")]
    [InlineData("other", "app: web", "orders")]
    [InlineData("third", "app: web", "orders")]
    public void View_Sidecars_SelectorThenNamespaceThenRoot(string ns, string label, string expected)
    {
        var text = Three
            + Sidecar("default", "istio-system", "egress: [{hosts: ['other/*']}]")
            + Sidecar("default", "shop", "egress: [{hosts: ['*/basket.shop.svc.cluster.local']}]")
            + Sidecar("web", "shop", "workloadSelector: {labels: {app: web}}, egress: [{hosts: ['*/cart.shop.svc.cluster.local']}]");

        Assert.Equal(expected, Hosts(text, ns, label));
    }

    [Fact]
    public void View_DestinationOfAnImportedRoute_IsImportedToo()
    {
        var route = Route("cart", "shop").Replace("destination: {host: " + Cart, "destination: {host: orders.other.svc.cluster.local", StringComparison.Ordinal);

        Assert.Equal("cart orders", Hosts(Three + route + Sidecar("default", "shop", $"egress: [{{hosts: ['shop/{Cart}']}}]"), "shop", "app: web"));
    }

    [Fact]
    public void View_EgressPort_LetsThroughThatPortOnly()
    {
        var text = ServiceEntry(Cart, "shop").Replace("ports: [", "ports: [{number: 81, name: other, protocol: HTTP}, ", StringComparison.Ordinal)
            + Sidecar("default", "shop", "egress: [{port: {number: 80, protocol: HTTP, name: http}, hosts: ['*/*']}]");

        Assert.Equal(CartRoutes, Assert.Single(View(text, "shop").Names(ResourceTypes.Cluster)));
    }

    [Theory]
    [InlineData("", "", "allow_any")]
    [InlineData("outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n---\n", "", "block_all")]
    [InlineData("outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n---\n", "ALLOW_ANY", "allow_any")]
    [InlineData("", "REGISTRY_ONLY", "block_all")]
    public void View_UndeclaredHosts_FollowTheTrafficPolicy(string meshConfig, string sidecar, string expected)
    {
        var text = meshConfig + ServiceEntry(Cart, "shop") + (sidecar.Length == 0 ? "" : Sidecar("default", "shop", $"outboundTrafficPolicy: {{mode: {sidecar}}}"));
        var host = MeshYaml.Translate(text).For(MeshClient.Default with { Namespace = "shop", Dialect = ClientDialect.Sidecar }).Routes("80").VirtualHosts[^1];

        Assert.Equal(expected, host.Name);
        Assert.Equal(expected == "block_all" ? 502u : 0, host.Routes[0].DirectResponse?.Status ?? 0);
    }

    [Theory]
    [InlineData("STATIC", true)]
    [InlineData("NONE", false)] // passed through: the host of the request is dialled as it is
    public void Find_HostOfAWildcard_IsAnsweredWhereItHasEndpoints(string resolution, bool expected)
    {
        var text = $"apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: feeds}}\nspec:\n  hosts: ['*.feeds.example.com']\n  resolution: {resolution}\n  ports: [{{number: 80, name: http}}]\n{(expected ? "  endpoints: [{address: 10.0.0.1}]\n" : "")}";

        Assert.Equal(expected, MeshYaml.Translate(text).FindListener("a.feeds.example.com:80") is not null);
        Assert.Null(MeshYaml.Translate(text).FindListener("feeds.example.com:80"));
    }

    [Theory]
    [InlineData("egress: [{hosts: [cart]}]", "spec.egress[0].hosts[0]: 'cart' must be namespace/host; the namespace may be '*', '.' or '~', the host '*' or '*.example.com'")]
    [InlineData("egress: [{hosts: []}]", "spec.egress[0].hosts: must list at least one namespace/host")]
    [InlineData("egress: [{bind: 1.2.3.4, hosts: ['*/*']}]", "spec.egress[0].bind: is not supported in this version; remove it")]
    [InlineData("ingress: []", "spec.ingress: is not supported in this version; remove it")]
    [InlineData("outboundTrafficPolicy: {mode: SOME}", "spec.outboundTrafficPolicy.mode: must be ALLOW_ANY or REGISTRY_ONLY, not 'SOME'")]
    public void Read_WrongSidecar_NamesFieldAndRemedy(string spec, string expected)
        => Assert.EndsWith($"Sidecar shop/default: {expected}", Assert.Single(MeshYamlReader.Read("m", Sidecar("default", "shop", spec)).Errors).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("rootNamespace: a.b", "rootNamespace: 'a.b' is not the name of a namespace")]
    [InlineData("rootNamespace: a\nrootNamspace: b", "rootNamspace: is not a known field; known here: ")]
    [InlineData("defaultServiceExportTo: ['a/b']", "defaultServiceExportTo: 'a/b' is neither '*' (every namespace), '.' (its own), '~' (none) nor the name of a namespace")]
    [InlineData("rootNamespace: a\n---\nrootNamespace: b", "there is a MeshConfig already, in line 1; merge them")]
    public void Read_WrongMeshConfig_NamesFieldAndRemedy(string text, string expected)
        => Assert.Contains(expected, Assert.Single(MeshYamlReader.Read("m", text).Errors).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("address: ''", "spec.address: must not be empty")]
    [InlineData("address: 'a b'", "spec.address: 'a b' must be an IP address, a host name or unix:///path")]
    [InlineData("address: 10.0.0.1, locality: a/b/c/d", "spec.locality: must be region/zone/subzone, parts may be left out from the right, not 'a/b/c/d'")]
    [InlineData("address: 10.0.0.1, port: 80", "spec.port: is not a known field; known here: address, labels, locality, network, ports, serviceAccount, weight")]
    public void Read_WrongWorkloadEntry_NamesFieldAndRemedy(string spec, string expected)
    {
        var text = $"apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {{name: vm, namespace: shop}}\nspec: {{{spec}}}\n";

        Assert.EndsWith($"WorkloadEntry shop/vm: {expected}", Assert.Single(MeshYamlReader.Read("m", text).Errors).ToString(), StringComparison.Ordinal);
    }

    private static readonly string Three = ServiceEntry(Cart, "shop") + ServiceEntry("basket.shop.svc.cluster.local", "shop") + ServiceEntry("orders.other.svc.cluster.local", "other");

    private static string Seeing(string text) => string.Join(' ', ((string[])["shop", "other"]).Where(ns => View(text, ns).IsDeclared(Cart)));

    private static string Hosts(string text, string ns, string label)
        => string.Join(' ', MeshYamlReader.Read("m", text).World.ViewFor(Client(ns, label)).Services.Select(service => service.Host.Split('.')[0]));

    private static string[] Subsets(string text, string ns, string label = "app: none")
        => [.. MeshYamlReader.Read("m", text).World.ViewFor(Client(ns, label)).Services[0].Subsets.Select(subset => subset.Name)];

    private static MeshResources View(string text, string ns, string label = "app: none") => MeshYaml.Translate(text).For(Client(ns, label));

    private static MeshClient Client(string ns, string label)
        => MeshClient.Default with { Namespace = ns, Labels = ImmutableSortedDictionary<string, string>.Empty.Add(label.Split(": ")[0], label.Split(": ")[1]) };

    private static string ServiceEntry(string host, string ns, string more = "")
        => $"apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: {host.Split('.')[0]}, namespace: {ns}}}\nspec:\n  hosts: [{host}]\n  resolution: STATIC\n  ports: [{{number: 80, name: http, protocol: HTTP}}]\n  endpoints: [{{address: 10.0.0.1}}]\n  {more}\n---\n";

    private static string Route(string name, string ns, string more = "")
        => $"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: {ns}}}\nspec:\n  hosts: [{Cart}]\n  http: [{{match: [{{uri: {{exact: /{name}}}}}], route: [{{destination: {{host: {Cart}}}}}]}}]\n  {more}\n---\n";

    private static string Rule(string name, string ns, string more = "")
        => $"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: {ns}}}\nspec:\n  host: {Cart}\n  subsets: [{{name: {name}}}]\n  {more}\n---\n";

    private static string Sidecar(string name, string ns, string spec)
        => $"apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: {name}, namespace: {ns}}}\nspec: {{{spec}}}\n---\n";
}
