namespace ProxylessMesh.Tests.Peers;

/// <summary>How long a test waits for what must happen. Only ever reached by a test that fails.</summary>
public static class TestTimeouts
{
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(20);
}
