using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ProxylessMesh.DependencyInjection;

/// <summary>
/// Looks at start-up for clients in the mesh that have a resilience handler of their own. Only making a client shows its handlers, so that the
/// named ones that have handlers at all are made; a client that is known by no name is looked at when it is first used.
/// </summary>
internal sealed partial class ResilienceCheck(
    ResilienceHandlers handlers,
    MeshEnrollment enrollment,
    IHttpClientFactory clients,
    IEnumerable<IConfigureOptions<HttpClientFactoryOptions>> configured,
    IOptionsMonitor<HttpClientFactoryOptions> clientOptions,
    IOptionsMonitor<GrpcClientFactoryOptions> grpcClients,
    IOptions<MeshOptions> options,
    ILogger<ResilienceCheck> logger)
{
    public void Run()
    {
        if (!options.Value.WarnAboutResilienceHandlers)
        {
            return;
        }

        var names = configured.OfType<ConfigureNamedOptions<HttpClientFactoryOptions>>().Select(static client => client.Name).OfType<string>().Distinct(StringComparer.Ordinal);
        foreach (var name in names.Where(name => enrollment.IsEnrolled(name) && clientOptions.Get(name).HttpMessageHandlerBuilderActions.Count > 0))
        {
            try
            {
                handlers.Probe(name, () =>
                {
                    using var client = clients.CreateClient(name);
                    return grpcClients.Get(name).Address ?? client.BaseAddress;
                });
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // A handler of the user's that cannot be made yet must not keep the application from starting.
                LogNotMade(logger, exception, name);
            }
        }
    }

    [LoggerMessage(71, LogLevel.Debug, "Client '{Client}' could not be made at start-up to look for resilience handlers; its first use shows whether it can be")]
    private static partial void LogNotMade(ILogger logger, Exception exception, string client);
}
