using System.Net.Http.Headers;
using ProxylessMesh.Http;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Tests.Http;

/// <summary>A request has the right to the mesh's retries once, whoever sends it again.</summary>
public sealed class RetryClaimTests
{
    [Fact]
    public void TryTake_SameRequestSentAgain_IsGivenOnce()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");

        Assert.True(RetryClaim.TryTake(request));
        Assert.False(RetryClaim.TryTake(request));
    }

    [Fact]
    public void TryTake_CopiesOfARequestThatWasGivenTheRight_ShareIt()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        RetryClaim.Give(request);
        using var first = OutgoingRequest.Copy(request);
        using var second = OutgoingRequest.Copy(request);

        Assert.True(RetryClaim.TryTake(first));
        Assert.False(RetryClaim.TryTake(second));
        Assert.False(RetryClaim.TryTake(request));
    }

    [Theory]
    [InlineData("application/grpc", false)]
    [InlineData("application/json", true)]
    public void TryTake_AttemptThatGrpcRetriesItself_IsLeftToIt(string contentType, bool isGiven)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/a/b")
        {
            Content = new ByteArrayContent([]) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } },
            Headers = { { "grpc-previous-rpc-attempts", "1" } },
        };

        Assert.Equal(isGiven, RetryClaim.TryTake(request));
    }

    [Fact]
    public async Task TryTake_ManyAtOnce_IsGivenOnce()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        RetryClaim.Give(request);

        var taken = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => RetryClaim.TryTake(request))));

        Assert.Single(taken, static isTaken => isTaken);
    }
}
