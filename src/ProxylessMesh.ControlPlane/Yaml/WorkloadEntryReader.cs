using System.Net;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads a WorkloadEntry. Its labels are those of its spec and of its metadata.</summary>
internal static class WorkloadEntryReader
{
    public static WorkloadEntry Read(MeshDocument document, FieldReader spec)
    {
        var endpoint = WorkloadEndpointReader.Read(spec);
        if (endpoint.Address.Length > 0 && !endpoint.IsUnixSocket && !IPAddress.TryParse(endpoint.Address, out _) && !HostReader.IsHostName(endpoint.Address))
        {
            spec.Error("address", $"'{endpoint.Address}' must be an IP address, a host name or unix:///path");
        }

        return new WorkloadEntry(document.Identity, endpoint with { Labels = document.Labels.SetItems(endpoint.Labels) });
    }
}
