using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Interop.Tests.Peers;

public sealed class NodePeerTests
{
    private static readonly string Bootstrap = BootstrapJson.Insecure("127.0.0.1:1");

    [Fact]
    public void Start_NodeIsMissing_SaysWhatToInstall()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => NodePeer.Start(Bootstrap, program: "no-node-here"));

        Assert.Contains("'no-node-here' cannot be started", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Install Node.js 20 or later", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallAsync_NodeEndsInPlaceOfAnswering_ShowsItsErrors()
    {
        await using var node = NodePeer.Start(Bootstrap);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(node.StopLoadAsync);

        Assert.Contains("in place of answering 'stop'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("There is no load", exception.Message, StringComparison.Ordinal);
    }
}
