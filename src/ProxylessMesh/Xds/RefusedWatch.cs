namespace ProxylessMesh.Xds;

/// <summary>A watch of a name for which there is nobody to ask. Lives on the configuration loop.</summary>
internal sealed class RefusedWatch(List<RefusedWatch> all, string typeUrl, string name, MeshResourceError error) : IDisposable
{
    public void Dispose() => all.Remove(this);

    public MeshResource Describe() => new()
    {
        TypeUrl = typeUrl,
        Name = name,
        State = MeshResourceState.DoesNotExist,
        IsInUse = false,
        Version = "",
        Error = error,
    };
}
