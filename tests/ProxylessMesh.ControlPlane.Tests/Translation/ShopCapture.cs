using System.Text.Json.Nodes;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Cors.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Envoy.Extensions.Retry.Host.PreviousHosts.V3;
using Envoy.Extensions.Retry.Priority.PreviousPriorities.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using ProxylessMesh.ControlPlane.Ads;
using ProxylessMesh.ControlPlane.Files;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.ControlPlane.Yaml;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;
using CorsPolicy = Envoy.Extensions.Filters.Http.Cors.V3.CorsPolicy;
using HttpProtocolOptions = Envoy.Extensions.Upstreams.Http.V3.HttpProtocolOptions;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>The recorded shop: its files as we read them, what we make of them, and what a real istiod made of them, in proto JSON.</summary>
internal static class ShopCapture
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data", "istiod");

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default
        .WithPreserveProtoFieldNames(true)
        .WithTypeRegistry(TypeRegistry.FromMessages(
            HttpProtocolOptions.Descriptor,
            HttpConnectionManager.Descriptor,
            Router.Descriptor,
            HTTPFault.Descriptor,
            Cors.Descriptor,
            CorsPolicy.Descriptor,
            PreviousHostsPredicate.Descriptor,
            PreviousPrioritiesConfig.Descriptor)));

    private static readonly Dictionary<string, Func<ByteString, IMessage>> Parsers = new()
    {
        [ResourceTypes.Cluster] = Cluster.Parser.ParseFrom,
        [ResourceTypes.ClusterLoadAssignment] = ClusterLoadAssignment.Parser.ParseFrom,
        [ResourceTypes.Listener] = Listener.Parser.ParseFrom,
        [ResourceTypes.RouteConfiguration] = RouteConfiguration.Parser.ParseFrom,
    };

    private static readonly Lazy<MeshReadResult> Shop = new(ReadShop);

    /// <summary>The directory that istiod was given.</summary>
    public static string Input { get; } = Path.Combine(Folder, "input-shop");

    /// <summary>What its files say, read as a directory but for <c>update.yaml</c>, which was a later change.</summary>
    public static MeshReadResult Read() => Shop.Value;

    /// <summary>What the client of the captures sees.</summary>
    public static MeshResources ViewOf(Node node) => MeshResources.Translate("1", Read().World).For(AdsClientIdentity.From(node).View);

    public static MeshClient Client(Node node) => AdsClientIdentity.From(node).View;

    /// <summary>The node of <c>web</c> in namespace shop, as an agent presents it.</summary>
    public static Node Web(bool isGrpc)
    {
        var node = new Node { Id = "sidecar~127.10.9.1~web.shop~shop.svc.cluster.local", Locality = new Locality { Region = "eu", Zone = "eu-1", SubZone = "a" } };
        if (isGrpc)
        {
            node.Metadata = new Google.Protobuf.WellKnownTypes.Struct { Fields = { ["GENERATOR"] = Google.Protobuf.WellKnownTypes.Value.ForString("grpc") } };
        }

        return node;
    }

    /// <summary>The recorded resources of a response by name.</summary>
    public static Dictionary<string, JsonNode> Recorded(string capture, string file)
    {
        var response = JsonDifference.Parse(File.ReadAllText(Path.Combine(Folder, capture, file + ".json")));
        return response["resources"]!.AsArray().Select(resource => Normalize(resource!.DeepClone())).ToDictionary(resource => (resource["name"] ?? resource["cluster_name"])!.ToString());
    }

    public static JsonNode? Made(MeshResources view, string typeUrl, string name)
        => view.Find(typeUrl, name) is { } resource ? Normalize(JsonDifference.Parse(Formatter.Format(Parsers[typeUrl](resource.Value)))) : null;

    private static MeshReadResult ReadShop()
    {
        using var directory = new TemporaryDirectory();
        foreach (var file in Directory.EnumerateFiles(Input, "*.yaml").Where(file => Path.GetFileName(file) != "update.yaml"))
        {
            File.Copy(file, directory.File(Path.GetFileName(file)));
        }

        return MeshYamlReader.Read(MeshFileLoader.ReadAsync(directory.File(""), CancellationToken.None).GetAwaiter().GetResult());
    }

    // What has no order: query parameters of a match, endpoints of a locality, localities of a cluster.
    private static JsonNode Normalize(JsonNode node)
    {
        switch (node)
        {
            case JsonObject fields:
                fields.Remove("@type");
                foreach (var (key, value) in fields.ToArray())
                {
                    if (value is JsonArray array && key is "query_parameters" or "lb_endpoints" or "endpoints")
                    {
                        var sorted = ((JsonArray)value!).Select(item => item!.DeepClone()).OrderBy(item => key == "endpoints" ? item["locality"]!.ToJsonString() : item.ToJsonString(), StringComparer.Ordinal).ToArray();
                        fields[key] = new JsonArray(sorted);
                    }

                    if (fields[key] is { } child)
                    {
                        Normalize(child);
                    }
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    if (item is not null)
                    {
                        Normalize(item);
                    }
                }

                break;
        }

        return node;
    }
}
