using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>gateways</c>: whoever asks this control plane is a client in the mesh, so that <c>mesh</c> alone concerns it.</summary>
internal static class GatewayReader
{
    private const string MeshGateway = "mesh";

    /// <returns>Whether clients in the mesh are meant.</returns>
    public static bool IsForMesh(FieldReader spec)
    {
        var gateways = spec.Strings("gateways");
        if (gateways.IsEmpty || gateways.Contains(MeshGateway))
        {
            return true;
        }

        spec.Warning("gateways", $"does not hold '{MeshGateway}': this resource is for gateways only and has no effect here");
        return false;
    }

    public static ImmutableArray<string> Read(FieldReader match) => match.Strings("gateways");
}
