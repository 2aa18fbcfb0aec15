using System.Net;
using Envoy.Config.Core.V3;
using ProxylessMesh.Configuration;
using SocketAddress = Envoy.Config.Core.V3.SocketAddress;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads an address to dial. An IP address is brought to its one usual form, so that equal addresses are equal.</summary>
internal static class AddressReader
{
    public static EndpointAddress? Read(Address? message, bool allowNames, DecodeContext context)
    {
        switch (message?.AddressCase)
        {
            case Address.AddressOneofCase.SocketAddress:
                using (context.Enter("socket_address"))
                {
                    return Read(message.SocketAddress, allowNames, context);
                }

            case Address.AddressOneofCase.Pipe:
                if (message.Pipe.Path.Length == 0)
                {
                    context.Error("pipe.path", "must not be empty");
                    return null;
                }

                return EndpointAddress.UnixSocket(message.Pipe.Path);

            case Address.AddressOneofCase.EnvoyInternalAddress:
                context.Error("envoy_internal_address", "is not supported: it leads to a listener within an Envoy");
                return null;

            default:
                context.Error("", "must be a 'socket_address' or a 'pipe'");
                return null;
        }
    }

    private static EndpointAddress? Read(SocketAddress message, bool allowNames, DecodeContext context)
    {
        if (message.Protocol != SocketAddress.Types.Protocol.Tcp)
        {
            context.Error("protocol", "must be TCP");
            return null;
        }

        if (message.ResolverName.Length > 0)
        {
            context.Error("resolver_name", "is not supported: names are resolved by the operating system");
            return null;
        }

        if (message.NetworkNamespaceFilepath.Length > 0)
        {
            context.Error("network_namespace_filepath", "is not supported");
            return null;
        }

        if (message.PortSpecifierCase != SocketAddress.PortSpecifierOneofCase.PortValue || message.PortValue is 0 or > IPEndPoint.MaxPort)
        {
            context.Error("port_value", $"must be set, from 1 to {IPEndPoint.MaxPort}");
            return null;
        }

        if (IPAddress.TryParse(message.Address, out var ip))
        {
            return EndpointAddress.Tcp(ip.ToString(), (int)message.PortValue);
        }

        if (allowNames && Uri.CheckHostName(message.Address) == UriHostNameType.Dns)
        {
            return EndpointAddress.Tcp(message.Address, (int)message.PortValue);
        }

        context.Error("address", allowNames ? $"'{message.Address}' must be an IP address or a DNS name" : $"'{message.Address}' must be an IP address");
        return null;
    }
}
