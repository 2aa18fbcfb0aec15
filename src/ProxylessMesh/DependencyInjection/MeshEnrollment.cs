using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using ProxylessMesh.Http;

namespace ProxylessMesh.DependencyInjection;

/// <summary>
/// Puts the mesh into the clients of HttpClientFactory and GrpcClientFactory, around the primary handler: inside every
/// handler that the user added, so that those see each request once, as without the mesh.
/// </summary>
internal sealed class MeshEnrollment(
    MeshRuntime mesh,
    IOptions<MeshOptions> options,
    IOptionsMonitor<MeshClientOptions> clients,
    IOptionsMonitor<GrpcClientFactoryOptions> grpcClients,
    XdsAddressMapping xdsAddresses,
    ResilienceHandlers resilience) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        var name = builder.Name ?? Options.DefaultName;
        if (IsEnrolled(name))
        {
            if (resilience.Contains(name, builder.AdditionalHandlers))
            {
                builder.AdditionalHandlers.Insert(0, new RetryClaimHandler());
            }

            builder.PrimaryHandler = new MeshHttpHandler(mesh, builder.PrimaryHandler, xdsAddresses.FindTarget(name));
        }
    };

    /// <summary>Whether a client's requests go through the mesh.</summary>
    /// <param name="name">The client's name.</param>
    public bool IsEnrolled(string name) => (options.Value.EnrollAllClients || clients.Get(name).IsEnrolled) && !ResolvesByItself(name);

    /// <summary>
    /// A gRPC client with a <c>dns:</c>, <c>static:</c> or other such address has grpc-dotnet resolve and balance it, which it
    /// can only do over a plain SocketsHttpHandler.
    /// </summary>
    private bool ResolvesByItself(string name)
        => grpcClients.Get(name).Address is { IsAbsoluteUri: true } address && address.Scheme is not ("http" or "https");
}
