using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ProxylessMesh.Http;
using ProxylessMesh.Routing;

namespace ProxylessMesh.DependencyInjection;

/// <summary>
/// The clients in the mesh that have a resilience handler of their own, each of which is warned of once: two that try again know nothing of
/// each other. Known by the handlers' names, so that the mesh needs none of their packages. Thread-safe.
/// </summary>
internal sealed partial class ResilienceHandlers(MeshRuntime mesh, IOptions<MeshOptions> options, ILogger<ResilienceHandlers> logger)
{
    /// <summary>Those of Microsoft.Extensions.Http.Resilience and of Microsoft.Extensions.Http.Polly.</summary>
    private static readonly string[] Known = ["Microsoft.Extensions.Http.Resilience.ResilienceHandler", "Microsoft.Extensions.Http.PolicyHttpMessageHandler"];

    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _warned = new(StringComparer.Ordinal);

    /// <summary>The client whose handlers are made at start-up to be looked at: it is warned of with what is known of it then.</summary>
    private volatile string? _probed;

    /// <param name="client">The client's name.</param>
    /// <param name="handlers">The handlers that the user added to it.</param>
    /// <returns>Whether there is a resilience handler.</returns>
    public bool Contains(string client, IEnumerable<DelegatingHandler> handlers)
    {
        if (handlers.Select(static handler => NameOf(handler.GetType())).FirstOrDefault(static name => name is not null) is not { } found)
        {
            return false;
        }

        _found[client] = found;
        if (_probed != client)
        {
            Warn(client, found, address: null);
        }

        return true;
    }

    /// <summary>Has a client made and says what is wrong with it; nothing is sent.</summary>
    /// <param name="client">The client's name.</param>
    /// <param name="create">Makes it, and tells its address if it has one.</param>
    public void Probe(string client, Func<Uri?> create)
    {
        _probed = client;
        try
        {
            var address = create();
            if (_found.TryGetValue(client, out var found))
            {
                Warn(client, found, address);
            }
        }
        finally
        {
            _probed = null;
        }
    }

    private static string? NameOf(Type? type)
    {
        while (type is not null && !Known.Contains(type.FullName))
        {
            type = type.BaseType;
        }

        return type?.FullName;
    }

    private void Warn(string client, string handler, Uri? address)
    {
        var listeners = mesh.Pipeline?.Listeners;
        var isOutside = address is not null && (!MeshHosts.IsCandidate(address) || listeners?.Contains(address) == false);
        if (!isOutside && options.Value.WarnAboutResilienceHandlers && _warned.TryAdd(client, true))
        {
            LogBoth(logger, client, handler, RetriesOf(listeners, address));
        }
    }

    /// <summary>What the routes say, as far as it is known without asking the control plane for it.</summary>
    private static string RetriesOf(ListenerTable? listeners, Uri? address)
    {
        const string Unknown = "as each route's retry policy says";
        if (address is null || listeners?.FindKnown(address, out var host)?.View.Routes?.FindVirtualHost(host) is not { } virtualHost)
        {
            return Unknown;
        }

        var retries = RetryWords.Describe(virtualHost.Config);
        return retries.Length > 0 ? retries : $"not at present, virtual host '{virtualHost.Name}' has no retry policy";
    }

    [LoggerMessage(70, LogLevel.Warning,
        "Client '{Client}' has a {Handler}, and the mesh may try its requests again too ({Retries}). Their tries add up, and their timeouts cut each other short. "
        + "Keep one of the two: take the retries out of the handler, or out of the route (VirtualService: retries.attempts 0). "
        + "To keep both without this warning, set MeshOptions.WarnAboutResilienceHandlers to false")]
    private static partial void LogBoth(ILogger logger, string client, string handler, string retries);
}
