using CsCheck;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Whatever a response holds, it is answered with ACK or NACK, and the stream goes on.</summary>
public sealed class XdsStreamPropertyTests
{
    private const string Sentinel = "sentinel";

    private static readonly string[] SubscribedTypes = [ResourceTypes.Listener, ResourceTypes.RouteConfiguration, ResourceTypes.Cluster, ResourceTypes.ClusterLoadAssignment];

    private static readonly byte[][] Recordings =
        [.. new[] { "01-lds", "02-rds", "03-cds", "04-eds" }.Select(static file => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "istiod", "grpc-client", $"{file}.binpb")))];

    [Fact]
    public async Task Response_Mutated_IsAnsweredAndTheStreamLivesOn()
        => await Gen.Select(Gen.Int[0, Recordings.Length - 1], Gen.Select(Gen.Int[0, 1_000_000], Gen.Byte).Array[1, 12]).Array[1, 6]
            .SampleAsync(static changes => RespondAsync(changes.Select(static change => Mutate(change.Item1, change.Item2)).OfType<DiscoveryResponse>()), iter: 60, threads: 1);

    [Fact]
    public async Task Response_ResourcesOfRandomBytes_IsAnsweredAndTheStreamLivesOn()
        => await Gen.Select(Gen.Int[0, SubscribedTypes.Length - 1], Gen.Byte.Array[0, 60].Array[0, 5], Gen.Bool).Array[1, 6]
            .SampleAsync(static changes => RespondAsync(changes.Select(static change => RandomResources(SubscribedTypes[change.Item1], change.Item2, isWrapped: change.Item3))), iter: 60, threads: 1);

    private static async Task RespondAsync(IEnumerable<DiscoveryResponse> responses)
    {
        await using var fixture = new XdsClientFixture();
        await WatchRecordedAsync(fixture);
        var sentinel = await fixture.WatchClusterAsync(Sentinel);
        var stream = await fixture.Transport.NextStreamAsync();

        var number = 0;
        foreach (var response in responses)
        {
            response.Nonce = $"m{++number}";
            stream.Respond(response);
            if (SubscribedTypes.Contains(response.TypeUrl))
            {
                var answer = await stream.NextAnswerAsync(response.Nonce);
                Assert.Equal(response.TypeUrl, answer.TypeUrl);
                if (answer.ErrorDetail is { } error)
                {
                    Assert.InRange(error.Message.Length, 1, NackText.MaxCharacters + 100);
                }
            }
        }

        stream.Respond(AdsResponses.OfAny(ResourceTypes.Cluster, "good", "last", XdsResources.Cluster(Sentinel)));
        var last = await stream.NextAnswerAsync("last");
        Assert.Null(last.ErrorDetail);
        Assert.Equal("good", last.VersionInfo);
        Assert.Equal(Sentinel, (await sentinel.NextResourceAsync()).Name);
        Assert.False(stream.IsDisposed);
        Assert.False(fixture.Transport.HasStream);
    }

    private static async Task WatchRecordedAsync(XdsClientFixture fixture)
    {
        foreach (var name in NamesOf(0))
        {
            await fixture.WatchListenerAsync(name);
        }

        foreach (var name in NamesOf(1))
        {
            await fixture.WatchRoutesAsync(name);
        }

        foreach (var name in NamesOf(2))
        {
            await fixture.WatchClusterAsync(name);
        }

        foreach (var name in NamesOf(3))
        {
            await fixture.WatchEndpointsAsync(name);
        }
    }

    private static IEnumerable<string> NamesOf(int recording) => DiscoveryResponse.Parser.ParseFrom(Recordings[recording]).Resources.Select(AdsResponses.NameOf).Take(5);

    /// <returns><see langword="null"/> when nothing is left of the response: the transport would not have delivered it.</returns>
    private static DiscoveryResponse? Mutate(int recording, (int At, byte Value)[] changes)
    {
        var bytes = (byte[])Recordings[recording].Clone();
        foreach (var (at, value) in changes)
        {
            bytes[at % bytes.Length] = value;
        }

        try
        {
            return DiscoveryResponse.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static DiscoveryResponse RandomResources(string typeUrl, byte[][] resources, bool isWrapped)
    {
        var response = new DiscoveryResponse { TypeUrl = typeUrl, VersionInfo = "1" };
        foreach (var bytes in resources)
        {
            response.Resources.Add(new Google.Protobuf.WellKnownTypes.Any { TypeUrl = isWrapped ? ResourceTypes.Wrapper : typeUrl, Value = ByteString.CopyFrom(bytes) });
        }

        return response;
    }
}
