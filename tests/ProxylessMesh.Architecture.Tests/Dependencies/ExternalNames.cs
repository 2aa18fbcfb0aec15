using ProxylessMesh.Architecture.Tests.Assemblies;

namespace ProxylessMesh.Architecture.Tests.Dependencies;

/// <summary>Kinds of foreign types that rules speak of.</summary>
internal static class ExternalNames
{
    /// <summary>Protobuf itself, and what is generated from the contracts.</summary>
    public static bool IsProtobuf(TypeName type)
        => type.IsIn("Google.Protobuf") || type.IsIn("Envoy") || type.IsIn("Xds") || type.IsIn("Udpa") || type.IsIn("ProxylessMesh.Protos");

    public static bool IsGrpc(TypeName type) => type.IsIn("Grpc");

    public static bool IsSocket(TypeName type) => type.IsIn("System.Net.Sockets");

    public static bool IsHttpClient(TypeName type) => type.IsIn("System.Net.Http");

    public static bool IsDependencyInjection(TypeName type) => type.IsIn("Microsoft.Extensions.DependencyInjection") || type.IsIn("Microsoft.Extensions.Hosting");

    public static bool IsAspNet(TypeName type) => type.IsIn("Microsoft.AspNetCore");
}
