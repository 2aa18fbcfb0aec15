using CsCheck;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.LoadBalancingPolicies.WrrLocality.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>A control plane can send anything; a decoder answers with a result, whatever comes, and with one of bounded size.</summary>
public sealed class DecoderPropertyTests
{
    /// <summary>50 errors and the line that says how many more there are.</summary>
    private const int MaxErrors = 51;
    private const int MaxErrorLength = 3100;

    private static readonly byte[][] Recordings = [.. ResourceJson.RecordedFiles().SelectMany(static file => ResourceJson.Recorded(file)).Select(static value => value.ToByteArray()).Where(static bytes => bytes.Length > 0)];

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
    public void Decode_TwoRecordingsSpliced_NeverThrows()
        => Gen.Select(Gen.Int[0, Recordings.Length - 1], Gen.Int[0, Recordings.Length - 1], Gen.Double[0, 1], Gen.Double[0, 1])
            .Sample(static (first, second, cut, from) =>
                DecodeWithAll([.. Recordings[first][..(int)(cut * Recordings[first].Length)], .. Recordings[second][(int)(from * Recordings[second].Length)..]]));

    [Fact]
    public void Decode_RandomWellFormedListener_NeverThrows()
        => Gen.Int.Sample(static seed => Check(new ListenerDecoder().Decode(new RandomMessages(seed).Next(Listener.Descriptor))), iter: 2_000);

    [Fact]
    public void Decode_RandomWellFormedRoutes_NeverThrows()
        => Gen.Int.Sample(static seed => Check(new RoutesDecoder().Decode(new RandomMessages(seed).Next(RouteConfiguration.Descriptor))), iter: 2_000);

    [Fact]
    public void Decode_RandomWellFormedCluster_NeverThrows()
        => Gen.Int.Sample(static seed => Check(new ClusterDecoder().Decode(new RandomMessages(seed).Next(Cluster.Descriptor))), iter: 2_000);

    [Fact]
    public void Decode_RandomWellFormedEndpoints_NeverThrows()
        => Gen.Int.Sample(static seed => Check(new EndpointsDecoder().Decode(new RandomMessages(seed).Next(ClusterLoadAssignment.Descriptor))), iter: 2_000);

    [Fact]
    public void Decode_WrapperCutInTheMiddle_IsRejected()
    {
        // Field 12 (a UInt32Value) that claims 38 bytes and has none: the parser throws InvalidOperationException for it.
        var result = new ListenerDecoder().Decode(ByteString.CopyFrom(0x62, 0x26));

        Assert.False(result.IsAccepted);
    }

    [Fact]
    public void Decode_BytesThatAreNoMessage_AreRejectedWithoutName()
    {
        var result = new ClusterDecoder().Decode(ByteString.CopyFrom(0x0a, 0xff));

        Assert.Equal("", result.Name);
        Assert.False(result.IsAccepted);
        Assert.StartsWith("the bytes are no Cluster: ", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    /// <summary>Each row: how deep a cluster's own messages are nested, or those that it carries packed, each of which is parsed on its own.</summary>
    [Theory]
    [InlineData(200, 0, "the bytes are no Cluster: ")]
    [InlineData(0, 17, "is nested more than 16 deep")]
    [InlineData(0, 1_000, "is nested more than 16 deep")]
    public void Decode_NestedBeyondTheCap_IsRejected(int matchers, int policies, string error)
    {
        var cluster = new Cluster { Name = "c", LoadAssignment = new() };
        var matcher = new global::Xds.Type.Matcher.V3.Matcher();
        for (var i = 0; i < matchers; i++)
        {
            matcher = new global::Xds.Type.Matcher.V3.Matcher { OnNoMatch = new() { Matcher = matcher } };
            cluster.TransportSocketMatcher = matcher;
        }

        for (var i = 0; i < policies; i++)
        {
            var locality = new WrrLocality { EndpointPickingPolicy = cluster.LoadBalancingPolicy ?? new() };
            cluster.LoadBalancingPolicy = new() { Policies = { new LoadBalancingPolicy.Types.Policy { TypedExtensionConfig = new() { TypedConfig = Any.Pack(locality) } } } };
        }

        var result = new ClusterDecoder().Decode(cluster.ToByteString());

        Assert.Contains(error, Assert.Single(result.Errors), StringComparison.Ordinal);
        Check(result);
    }

    [Fact]
    public void Decode_FilterConfigWithinFilterConfig_IsUnwrappedOnce()
    {
        var config = Any.Pack(new FilterConfig { Disabled = true });
        for (var i = 0; i < 1_000; i++)
        {
            config = Any.Pack(new FilterConfig { Config = config });
        }

        var routes = new RouteConfiguration { Name = "r", TypedPerFilterConfig = { ["f"] = config } };

        var result = new RoutesDecoder().Decode(routes.ToByteString());

        Assert.Contains("FilterConfig' is not supported", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_MistakeInEachOfManyElements_CapsWhatIsSaidOfThem()
    {
        var routes = new RouteConfiguration { Name = "r" };
        for (var i = 0; i < 20_000; i++)
        {
            routes.VirtualHosts.Add(new VirtualHost { Name = "h", Domains = { "a.example" }, Routes = { new Route { Match = new RouteMatch { SafeRegex = new() { Regex = "(" } }, Route_ = new RouteAction { Cluster = "c" } } } });
        }

        Check(new RoutesDecoder().Decode(routes.ToByteString()));
    }

    [Fact]
    public void Decode_MistakeOfManyMegabytes_CapsWhatIsSaidOfIt()
    {
        var host = new string('h', 4 * 1024 * 1024);
        var endpoints = new ClusterLoadAssignment
        {
            ClusterName = "c",
            Endpoints =
            {
                new LocalityLbEndpoints
                {
                    Locality = new(),
                    LoadBalancingWeight = 1,
                    LbEndpoints = { new LbEndpoint { Endpoint = new() { Address = new() { SocketAddress = new() { Address = host, PortValue = 1 } } } } },
                },
            },
        };

        var result = new EndpointsDecoder().Decode(endpoints.ToByteString());

        Assert.False(result.IsAccepted);
        Check(result);
    }

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
    {
        Assert.True(result.IsAccepted == (result.Errors.Count == 0), "A resource is accepted without errors, or rejected with at least one.");
        Assert.InRange(result.Errors.Count, 0, MaxErrors);
        Assert.All(result.Errors, static error => Assert.InRange(error.Length, 1, MaxErrorLength));
    }
}
