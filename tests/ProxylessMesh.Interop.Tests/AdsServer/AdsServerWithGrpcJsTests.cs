using ProxylessMesh.Interop.Tests.Peers;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Interop.Tests.AdsServer;

/// <summary>Our ADS server as the control plane of gRPC for Node.js.</summary>
public sealed class AdsServerWithGrpcJsTests
{
    private const string Orders = "xds:///orders";
    private const string Late = "xds:///late";

    // Five standard deviations of 500 calls to either side: a right split falls outside once in two million runs.
    private const int Calls = 500;
    private const int TenPercent = 50;
    private const int TenPercentTolerance = 34;
    private const int Half = 250;
    private const int HalfTolerance = 56;

    [Theory]
    [InlineData("xds:///orders")]
    [InlineData("xds:///orders:9090")]
    public async Task Call_TargetWithAndWithoutPort_ReachesTheBackend(string target)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(MeshYaml.Grpc("orders", backend));
        await using var node = NodePeer.Start(controlPlane.Bootstrap);

        var report = await node.CallAsync(target, 10);

        report.AssertNoneFailed();
        Assert.Equal(10, report.AnswersOf("b1"));
        controlPlane.AssertAllAccepted();
    }

    [Fact]
    public async Task Call_WeightedVersions_AreSplitByWeight()
    {
        await using var v1 = await Backend.StartAsync("v1", BackendProtocol.Http2);
        await using var v2 = await Backend.StartAsync("v2", BackendProtocol.Http2);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(MeshYaml.GrpcSplit("orders", v1, 90, v2, 10));
        await using var node = NodePeer.Start(controlPlane.Bootstrap);

        var report = await node.CallAsync(Orders, Calls);

        report.AssertNoneFailed();
        Assert.InRange(report.AnswersOf("v2"), TenPercent - TenPercentTolerance, TenPercent + TenPercentTolerance);
        controlPlane.AssertAllAccepted();
    }

    [Fact]
    public async Task File_WeightsAndEndpointsChangeUnderLoad_TakeEffectAndNoCallFails()
    {
        await using var v1 = await Backend.StartAsync("v1", BackendProtocol.Http2);
        await using var v2 = await Backend.StartAsync("v2", BackendProtocol.Http2);
        await using var moved1 = await Backend.StartAsync("moved1", BackendProtocol.Http2);
        await using var moved2 = await Backend.StartAsync("moved2", BackendProtocol.Http2);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(MeshYaml.GrpcSplit("orders", v1, 90, v2, 10));
        await using var node = NodePeer.Start(controlPlane.Bootstrap);
        await node.StartLoadAsync(Orders);
        await node.MoreLoadAsync(100);

        controlPlane.Rewrite(MeshYaml.GrpcSplit("orders", v1, 50, v2, 50));
        await UntilAsync(node, static report => report.AnswersOf("v2") >= 30);
        var even = await node.CallAsync(Orders, Calls);
        controlPlane.Rewrite(MeshYaml.GrpcSplit("orders", moved1, 50, moved2, 50));
        await UntilAsync(node, static report => report.AnswersOf("moved1") + report.AnswersOf("moved2") == report.Total);
        await v1.StopAsync();
        await v2.StopAsync();
        await node.MoreLoadAsync(100);
        var load = await node.StopLoadAsync();

        load.AssertNoneFailed();
        even.AssertNoneFailed();
        Assert.InRange(even.AnswersOf("v2"), Half - HalfTolerance, Half + HalfTolerance);
        controlPlane.AssertAllAccepted();
    }

    /// <summary>
    /// For a resource it has never seen, grpc-js believes only its own timer of 15 s, and even then (1.14) keeps a call that
    /// has not begun until its deadline: no control plane can make it say UNAVAILABLE sooner. The channel's state tells.
    /// </summary>
    [Fact]
    public async Task Call_UnknownService_FailsUntilItIsDeclaredAndOthersGoOn()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        var orders = MeshYaml.Grpc("orders", backend);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(orders);
        await using var node = NodePeer.Start(controlPlane.Bootstrap);
        await node.StartLoadAsync(Orders);

        var undeclared = await node.CallAsync(Late, 1, TimeSpan.FromSeconds(1));
        await Until.TrueAsync(async () => await node.StateOfAsync(Late) == "TRANSIENT_FAILURE", "grpc-js believes that the service does not exist", 2 * TestTimeouts.Default);
        controlPlane.Rewrite(orders + MeshYaml.Grpc("late", backend));
        await Until.TrueAsync(async () => (await node.CallAsync(Late, 1)).AnswersOf("b1") == 1, "the declared service is reached");
        controlPlane.Rewrite(orders);
        await Until.TrueAsync(async () => (await node.CallAsync(Late, 1)).Failed == 1, "the service that is gone is not reached");
        var gone = await node.CallAsync(Late, 1);
        await node.MoreLoadAsync(100);
        var load = await node.StopLoadAsync();

        Assert.Equal(1, undeclared.Failed);
        Assert.Equal("UNAVAILABLE", Assert.Single(gone.Failures).Code);
        load.AssertNoneFailed();
        controlPlane.AssertAllAccepted();
    }

    [Fact]
    public async Task ControlPlane_StoppedAndStartedUnderLoad_NoCallFailsAndUpdatesGoOn()
    {
        await using var before = await Backend.StartAsync("before", BackendProtocol.Http2);
        await using var after = await Backend.StartAsync("after", BackendProtocol.Http2);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(MeshYaml.Grpc("orders", before));
        await using var node = NodePeer.Start(controlPlane.Bootstrap);
        await node.StartLoadAsync(Orders);
        await node.MoreLoadAsync(100);

        await controlPlane.StopServerAsync();
        await node.MoreLoadAsync(200);
        await controlPlane.StartServerAsync();
        await node.MoreLoadAsync(200);
        controlPlane.Rewrite(MeshYaml.Grpc("orders", after));
        await UntilAsync(node, static report => report.AnswersOf("after") == report.Total);
        var load = await node.StopLoadAsync();

        load.AssertNoneFailed();
        controlPlane.AssertAllAccepted();
    }

    /// <summary>Waits until a hundred calls beside the load are answered as they should be.</summary>
    private static Task UntilAsync(NodePeer node, Func<CallReport, bool> isSo)
        => Until.TrueAsync(async () => isSo(await node.CallAsync(Orders, 100)), "calls by Node.js are answered as the new file says");
}
