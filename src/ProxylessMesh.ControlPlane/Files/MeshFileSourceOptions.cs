namespace ProxylessMesh.ControlPlane.Files;

/// <summary>How a mesh file is followed.</summary>
internal sealed record MeshFileSourceOptions
{
    public static readonly MeshFileSourceOptions Default = new();

    /// <summary>How often the content is looked at without any notification.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long changed content must stay the same before it counts.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Look at once when the operating system reports a change.</summary>
    public bool UseChangeNotifications { get; init; } = true;
}
