namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>gateways</c>: whoever asks this control plane is a client in the mesh, so that is the only one.</summary>
internal static class GatewayReader
{
    private const string MeshGateway = "mesh";

    public static void Check(FieldReader owner)
    {
        foreach (var gateway in owner.Strings("gateways"))
        {
            if (gateway != MeshGateway)
            {
                owner.Error("gateways", $"'{gateway}' is not supported in this version: only '{MeshGateway}', which is the default");
            }
        }
    }
}
