namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>No request sees parts of two configurations, in whatever order their resources come.</summary>
public sealed class TornConfigurationTests
{
    private const int Generations = 120;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Updates_InRightAndWrongOrders_EveryRequestSeesRouteAndClusterOfOneGeneration(int seed)
    {
        await using var mesh = await GenerationMesh.StartAsync(seed, readers: 3);

        for (var generation = 1; generation <= Generations; generation++)
        {
            await mesh.UpdateAsync(generation, waits: generation == Generations);
        }

        await mesh.EffectiveAsync(Generations);
        await mesh.StopAsync();

        Assert.Empty(mesh.Faults);
        Assert.Empty(mesh.Transport.Misuse);
        Assert.Empty(mesh.Mesh.ControlPlane.Nacks);
        Assert.True(mesh.RequestCount > Generations, "requests ran all the while");
        Assert.InRange(mesh.Transport.OpenCount, 1, 6); // the endpoints of two clusters
    }
}
