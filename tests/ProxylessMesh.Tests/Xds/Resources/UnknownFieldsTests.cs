using CsCheck;
using Envoy.Extensions.TransportSockets.Tls.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>Nothing that could be security is passed over because this version does not know it.</summary>
public sealed class UnknownFieldsTests
{
    private const int Unheard = 4000;

    private static readonly ByteString UnheardField = Bytes(output =>
    {
        output.WriteTag(Unheard, WireFormat.WireType.Varint);
        output.WriteBool(true);
    });

    /// <summary>Each row: a TLS context, and where an error is expected in it; <see langword="null"/>: nowhere.</summary>
    public static TheoryData<byte[], string?> Contexts() => new()
    {
        { [], null },
        { new UpstreamTlsContext { Sni = "a", CommonTlsContext = new CommonTlsContext { AlpnProtocols = { "h2" } } }.ToByteArray(), null },
        { Common(new CommonTlsContext { TlsParams = new TlsParameters { TlsMinimumProtocolVersion = TlsParameters.Types.TlsProtocol.Tlsv13 } }), null },
        { UnheardField.ToByteArray(), "field 4000 of UpstreamTlsContext" },
        { Field(UpstreamTlsContext.CommonTlsContextFieldNumber, UnheardField), "common_tls_context: field 4000 of CommonTlsContext" },
        { Field(UpstreamTlsContext.CommonTlsContextFieldNumber, Field(CommonTlsContext.ValidationContextFieldNumber, UnheardField)), "common_tls_context.validation_context: field 4000 of CertificateValidationContext" },
        {
            Field(
                UpstreamTlsContext.CommonTlsContextFieldNumber,
                Field(CommonTlsContext.CombinedValidationContextFieldNumber, Field(CommonTlsContext.Types.CombinedCertificateValidationContext.DefaultValidationContextFieldNumber, UnheardField))),
            "common_tls_context.combined_validation_context.default_validation_context: field 4000"
        },
        {
            Field(
                UpstreamTlsContext.CommonTlsContextFieldNumber,
                Field(CommonTlsContext.ValidationContextFieldNumber, Field(CertificateValidationContext.MatchSubjectAltNamesFieldNumber, UnheardField))),
            "common_tls_context.validation_context.match_subject_alt_names: field 4000 of StringMatcher"
        },
        { Field(UpstreamTlsContext.CommonTlsContextFieldNumber, Field(CommonTlsContext.TlsParamsFieldNumber, Varint(6, 1))), "common_tls_context.tls_params: field 6 of TlsParameters" },
        { Common(new CommonTlsContext { TlsParams = new TlsParameters { TlsMinimumProtocolVersion = (TlsParameters.Types.TlsProtocol)9 } }), "common_tls_context.tls_params.tls_minimum_protocol_version: 9 is no value of TlsProtocol" },
        { Common(new CommonTlsContext { ValidationContext = new CertificateValidationContext { TrustChainVerification = (CertificateValidationContext.Types.TrustChainVerification)7 } }), "trust_chain_verification: 7 is no value" },
        { Varint(UpstreamTlsContext.SniFieldNumber, 1).ToByteArray(), "field 2 of UpstreamTlsContext" }, // a text in the form of a number is unknown to the parser
        { Field(UpstreamTlsContext.AllowRenegotiationFieldNumber, ByteString.CopyFromUtf8("x")), "field 3 of UpstreamTlsContext" },
    };

    [Theory]
    [MemberData(nameof(Contexts))]
    public void Check_TlsContext_NamesWhatIsNotKnown(byte[] value, string? error)
    {
        var errors = Check(ByteString.CopyFrom(value));

        if (error is null)
        {
            Assert.Empty(errors);
        }
        else
        {
            Assert.Contains(error, Assert.Single(errors), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Check_EveryTlsContextThatIstiodSent_IsKnown()
    {
        var contexts = ResourceJson.RecordedFiles()
            .SelectMany(static file => ResourceJson.Recorded(file, ResourceJson.Type + "envoy.config.cluster.v3.Cluster"))
            .Select(static bytes => Envoy.Config.Cluster.V3.Cluster.Parser.ParseFrom(bytes))
            .SelectMany(static cluster => cluster.TransportSocketMatches.Select(static match => match.TransportSocket).Append(cluster.TransportSocket))
            .Select(static socket => socket?.TypedConfig)
            .Where(static config => config?.TypeUrl == ResourceJson.Type + UpstreamTlsContext.Descriptor.FullName)
            .ToList();

        Assert.NotEmpty(contexts);
        Assert.All(contexts, static config => Assert.Empty(Check(config!.Value)));
    }

    [Fact]
    public void Check_ContentOfAnAny_IsLeftToItsReader()
    {
        var any = new Any { TypeUrl = "type.example/x", Value = UnheardField };
        var context = new UpstreamTlsContext { CommonTlsContext = new CommonTlsContext { CustomHandshaker = new() { Name = "x", TypedConfig = any } } };

        Assert.Empty(Check(context.ToByteString()));
    }

    [Fact]
    public void Check_RandomBytes_NeverThrows()
        => Gen.Byte.Array[0, 200].Sample(static bytes => Check(ByteString.CopyFrom(bytes)));

    [Fact]
    public void Check_WhatTheParserKnows_IsNeverUnknown()
        => Gen.Select(Gen.Int[0, 3], Gen.String, Gen.Bool, Gen.Byte.Array).Sample(static (version, text, flag, bytes) =>
        {
            var context = new UpstreamTlsContext
            {
                Sni = text,
                AllowRenegotiation = flag,
                MaxSessionKeys = (uint)version,
                EnforceRsaKeyUsage = flag,
                CommonTlsContext = new CommonTlsContext
                {
                    AlpnProtocols = { text },
                    TlsParams = new TlsParameters { TlsMaximumProtocolVersion = (TlsParameters.Types.TlsProtocol)version, CipherSuites = { text } },
                    TlsCertificates = { new TlsCertificate { CertificateChain = new() { InlineBytes = ByteString.CopyFrom(bytes) } } },
                    CombinedValidationContext = new()
                    {
                        DefaultValidationContext = new CertificateValidationContext
                        {
                            MatchSubjectAltNames = { new Envoy.Type.Matcher.V3.StringMatcher { Exact = text, IgnoreCase = flag } },
                            VerifyCertificateHash = { text },
                            MaxVerifyDepth = (uint)version,
                        },
                    },
                },
            };

            Assert.Empty(Check(context.ToByteString()));
        });

    [Fact]
    public void Decode_ClusterWithUnknownFieldInItsTlsContext_IsRejected()
    {
        var cluster = new Envoy.Config.Cluster.V3.Cluster
        {
            Name = "c",
            TransportSocket = new()
            {
                Name = "tls",
                TypedConfig = new Any { TypeUrl = ResourceJson.Type + "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", Value = ByteString.CopyFrom(Field(UpstreamTlsContext.CommonTlsContextFieldNumber, UnheardField)) },
            },
            LoadAssignment = new(),
        };

        Rejections.AssertErrors(
            ["transport_socket.typed_config.common_tls_context: field 4000 of CommonTlsContext is not known to this version"],
            new ClusterDecoder().Decode(cluster.ToByteString()));
    }

    [Fact]
    public void Decode_UnknownFieldElsewhere_IsIgnored()
    {
        // "unknown fields are ignored" - gRFC A27
        var cluster = Cluster("""{"name": "c", "loadAssignment": {}}""");

        Assert.True(new ClusterDecoder().Decode(ByteString.CopyFrom([.. cluster, .. UnheardField])).IsAccepted);
    }

    private static IReadOnlyList<string> Check(ByteString value)
    {
        var context = new DecodeContext();
        UnknownFields.Check(value, UpstreamTlsContext.Descriptor, context);
        return context.ToErrors();
    }

    private static byte[] Common(CommonTlsContext common) => new UpstreamTlsContext { CommonTlsContext = common }.ToByteArray();

    private static byte[] Field(int number, byte[] content) => Field(number, ByteString.CopyFrom(content));

    private static byte[] Field(int number, ByteString content) => Bytes(output =>
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(content);
    }).ToByteArray();

    private static ByteString Varint(int number, int value) => Bytes(output =>
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt32(value);
    });

    private static ByteString Bytes(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            write(output);
        }

        return ByteString.CopyFrom(stream.ToArray());
    }
}
