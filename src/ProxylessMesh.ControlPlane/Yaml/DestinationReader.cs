using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads a <c>destination</c>: host, subset and port.</summary>
internal static class DestinationReader
{
    public static RouteDestination Read(FieldReader fields, uint weight)
    {
        var destination = new RouteDestination
        {
            Source = fields.Self,
            Host = HostReader.ReadOne(fields, "host"),
            Subset = fields.String("subset") ?? "",
            Port = fields.Object("port", ReadPortSelector)?.Number,
            Weight = weight,
        };
        fields.Finish();
        return destination;
    }

    private static PortSelector ReadPortSelector(FieldReader port)
    {
        port.Required("number");
        var number = port.Port("number");
        port.Finish();
        return new PortSelector(number);
    }

    /// <summary><c>destination.port</c>; the number is missing when it was reported.</summary>
    private sealed record PortSelector(int? Number);
}
