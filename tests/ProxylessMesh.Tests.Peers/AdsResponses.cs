using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Makes discovery responses, from messages or from recorded bytes.</summary>
public static class AdsResponses
{
    /// <summary>A response with the messages packed as resources of one type.</summary>
    public static DiscoveryResponse Of(string typeUrl, string version, string nonce, params IEnumerable<IMessage> resources) =>
        OfAny(typeUrl, version, nonce, resources.Select(Any.Pack));

    /// <summary>A response with resources as they are, well-formed or not.</summary>
    public static DiscoveryResponse OfAny(string typeUrl, string version, string nonce, params IEnumerable<Any> resources) => new()
    {
        TypeUrl = typeUrl,
        VersionInfo = version,
        Nonce = nonce,
        Resources = { resources },
    };

    /// <summary>A response recorded from a real control plane, its nonce and version included.</summary>
    public static DiscoveryResponse FromFile(string path) => DiscoveryResponse.Parser.ParseFrom(File.ReadAllBytes(path));

    /// <summary>
    /// The name a resource goes by. Field 1 of all four resource types is the name; a resource may come wrapped in
    /// <c>envoy.service.discovery.v3.Resource</c>, whose field 3 is.
    /// </summary>
    public static string NameOf(Any resource)
    {
        var isWrapped = resource.TypeUrl.EndsWith("/envoy.service.discovery.v3.Resource", StringComparison.Ordinal);
        var nameTag = WireFormat.MakeTag(isWrapped ? 3 : 1, WireFormat.WireType.LengthDelimited);
        var input = resource.Value.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (tag == nameTag)
            {
                return input.ReadString();
            }

            input.SkipLastField();
        }

        return "";
    }
}
