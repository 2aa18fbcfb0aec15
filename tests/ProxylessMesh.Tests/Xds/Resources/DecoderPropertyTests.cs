using CsCheck;
using Google.Protobuf;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>A control plane can send anything; a decoder answers with a result, whatever comes.</summary>
public sealed class DecoderPropertyTests
{
    private static readonly byte[][] Recordings = [.. Record("01-lds"), .. Record("02-rds"), .. Record("03-cds"), .. Record("04-eds")];

    [Fact]
    public void Decode_RandomBytes_NeverThrows()
        => Gen.Byte.Array[0, 200].Sample(DecodeWithAll);

    [Fact]
    public void Decode_MutatedRecording_NeverThrows()
        => Gen.Select(Gen.Int[0, Recordings.Length - 1], Gen.Select(Gen.Int[0, 100_000], Gen.Byte).Array[1, 8], Gen.Int[0, 100_000])
            .Sample(static (recording, changes, length) =>
            {
                var bytes = (byte[])Recordings[recording].Clone();
                foreach (var (at, value) in changes)
                {
                    bytes[at % bytes.Length] = value;
                }

                // Some are cut short, most are not.
                DecodeWithAll(length < bytes.Length ? bytes[..length] : bytes);
            });

    [Fact]
    public void Decode_BytesThatAreNoMessage_AreRejectedWithoutName()
    {
        var result = new ClusterDecoder().Decode(ByteString.CopyFrom(0x0a, 0xff));

        Assert.Equal("", result.Name);
        Assert.False(result.IsAccepted);
        Assert.StartsWith("the bytes are no Cluster: ", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_EndlessNesting_IsRejected()
    {
        var matcher = new global::Xds.Type.Matcher.V3.Matcher();
        for (var i = 0; i < 200; i++)
        {
            matcher = new global::Xds.Type.Matcher.V3.Matcher { OnNoMatch = new() { Matcher = matcher } };
        }

        var cluster = new Envoy.Config.Cluster.V3.Cluster { Name = "c", TransportSocketMatcher = matcher };

        var result = new ClusterDecoder().Decode(cluster.ToByteString());

        Assert.StartsWith("the bytes are no Cluster: ", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    private static IEnumerable<byte[]> Record(string file) => ResourceJson.Recorded($"grpc-client/{file}.binpb").Select(static value => value.ToByteArray());

    private static void DecodeWithAll(byte[] bytes)
    {
        var value = ByteString.CopyFrom(bytes);
        Check(new ListenerDecoder().Decode(value));
        Check(new RoutesDecoder().Decode(value));
        Check(new ClusterDecoder().Decode(value));
        Check(new EndpointsDecoder().Decode(value));
    }

    private static void Check<T>(DecodeResult<T> result)
        where T : class
        => Assert.True(result.IsAccepted == (result.Errors.Count == 0), "A resource is accepted without errors, or rejected with at least one.");
}
