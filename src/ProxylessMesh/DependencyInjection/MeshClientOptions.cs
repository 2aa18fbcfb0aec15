namespace ProxylessMesh.DependencyInjection;

/// <summary>Named options of one client of HttpClientFactory: whether it was enrolled by name.</summary>
internal sealed class MeshClientOptions
{
    public bool IsEnrolled { get; set; }
}
