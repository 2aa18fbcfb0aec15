namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A route that answers by itself (<c>HTTPDirectResponse</c>).</summary>
/// <param name="Status">From 200 to 599.</param>
/// <param name="Body"><see langword="null"/> when there is none.</param>
internal sealed record HttpDirectResponse(int Status, string? Body)
{
    /// <summary>What Istio allows a body to have, in bytes of UTF-8; Envoy's own default is 4 KiB.</summary>
    public const int MaxBodyBytes = 1024 * 1024;
}
