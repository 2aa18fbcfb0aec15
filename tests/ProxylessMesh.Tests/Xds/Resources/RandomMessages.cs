using Envoy.Extensions.Filters.Http.Cors.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Http.StatefulSession.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Envoy.Extensions.LoadBalancingPolicies.LeastRequest.V3;
using Envoy.Extensions.LoadBalancingPolicies.RoundRobin.V3;
using Envoy.Extensions.LoadBalancingPolicies.WrrLocality.V3;
using Envoy.Extensions.Path.Match.UriTemplate.V3;
using Envoy.Extensions.Path.Rewrite.UriTemplate.V3;
using Envoy.Extensions.TransportSockets.RawBuffer.V3;
using Envoy.Extensions.TransportSockets.Tls.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using FilterConfig = Envoy.Config.Route.V3.FilterConfig;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>
/// Writes well-formed messages of any type with random content: every field of the contract is set now and then, also several of one
/// <c>oneof</c>, enumerations to values they do not have, and an <c>Any</c> to extensions in their place and out of it.
/// </summary>
internal sealed class RandomMessages(int seed)
{
    private const int MaxDepth = 12;

    private static readonly MessageDescriptor[] Extensions =
    [
        HttpConnectionManager.Descriptor, Router.Descriptor, HTTPFault.Descriptor, Cors.Descriptor, CorsPolicy.Descriptor, StatefulSession.Descriptor,
        StatefulSessionPerRoute.Descriptor, FilterConfig.Descriptor, RoundRobin.Descriptor, LeastRequest.Descriptor, WrrLocality.Descriptor, RawBuffer.Descriptor,
        UpstreamTlsContext.Descriptor, UriTemplateMatchConfig.Descriptor, UriTemplateRewriteConfig.Descriptor, Udpa.Type.V1.TypedStruct.Descriptor,
        global::Xds.Type.V3.TypedStruct.Descriptor,
    ];

    // What the texts of resources look like, right and wrong.
    private static readonly string[] Texts =
    [
        "", "c", "*", "*.example", "a.*", "/", "/a", "/{a=*}/**", "/**/{b}", "(", "a+", "(a)\\1", "%REQ(x)%", "%%", "%", ":path", "x-header", "a b", "127.0.0.1", "::1", "host.example", "\r\n", "ü", "\0",
        "xdstp://a/envoy.config.cluster.v3.Cluster/c", ResourceJson.Type + "envoy.extensions.filters.http.router.v3.Router", new string('a', 300),
    ];

    private readonly Random _random = new(seed);

    public ByteString Next(MessageDescriptor type) => Next(type, depth: 0);

    private ByteString Next(MessageDescriptor type, int depth)
    {
        if (type == Any.Descriptor)
        {
            return NextAny(depth);
        }

        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            // The deeper, the fewer: the expected size stays finite.
            var density = depth == 0 ? 0.6 : 2.5 / Math.Max(4, type.Fields.InDeclarationOrder().Count);
            foreach (var field in type.Fields.InDeclarationOrder())
            {
                var count = _random.NextDouble() > density || depth >= MaxDepth ? 0 : field.IsRepeated ? _random.Next(3) : 1;
                for (var i = 0; i < count; i++)
                {
                    Write(output, field, depth);
                }
            }
        }

        return ByteString.CopyFrom(stream.ToArray());
    }

    private ByteString NextAny(int depth)
    {
        var type = Extensions[_random.Next(Extensions.Length)];
        return new Any
        {
            TypeUrl = _random.Next(20) == 0 ? Texts[_random.Next(Texts.Length)] : ResourceJson.Type + type.FullName,
            Value = _random.Next(20) == 0 ? ByteString.CopyFrom(0x0a, 0xff) : Next(type, depth + 1),
        }.ToByteString();
    }

    private void Write(CodedOutputStream output, FieldDescriptor field, int depth)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                output.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(Next(field.MessageType, depth + 1));
                break;
            case FieldType.String or FieldType.Bytes:
                output.WriteTag(field.FieldNumber, WireFormat.WireType.LengthDelimited);
                output.WriteString(Texts[_random.Next(Texts.Length)]);
                break;
            case FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64:
                output.WriteTag(field.FieldNumber, WireFormat.WireType.Fixed64);
                output.WriteDouble(_random.Next(4) switch { 0 => double.NaN, 1 => -1, 2 => double.MaxValue, _ => 1 });
                break;
            case FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32:
                output.WriteTag(field.FieldNumber, WireFormat.WireType.Fixed32);
                output.WriteFloat(_random.NextSingle());
                break;
            default:
                output.WriteTag(field.FieldNumber, WireFormat.WireType.Varint);
                output.WriteUInt64(_random.Next(5) switch { 0 => 0, 1 => 1, 2 => (ulong)_random.Next(100), 3 => uint.MaxValue, _ => ulong.MaxValue });
                break;
        }
    }
}
