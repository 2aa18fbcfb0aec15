using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Xds;

/// <summary>
/// The resources of one type on one stream: who waits for which name, what is cached, and the type's version and nonce.
/// Lives on the configuration loop; survives streams.
/// </summary>
internal abstract class ResourceSet(string typeUrl, bool isFullState)
{
    public string TypeUrl { get; } = typeUrl;

    /// <summary>
    /// Whether every response carries all subscribed resources, so that absence means deletion (LDS and CDS), or only some
    /// of them (RDS and EDS).
    /// </summary>
    public bool IsFullState { get; } = isFullState;

    /// <summary>The version of the last response accepted, sent in every request; empty before the first.</summary>
    public string AcceptedVersion { get; protected set; } = "";

    /// <summary>The nonce of the last response of the current stream.</summary>
    public string Nonce { get; private set; } = "";

    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>
    /// Whether there is something to say to the server. LDS and CDS are never asked for no names: servers take an empty
    /// list for a wildcard (seen with istiod).
    /// </summary>
    public bool HasSubscription { get; protected set; }

    public void OnStreamOpened() => Nonce = "";

    /// <summary>Stores the resources and says what was wrong with the others; an empty list is an ACK.</summary>
    public IReadOnlyList<string> Apply(DiscoveryResponse response, ServerContext server)
    {
        Nonce = response.Nonce;
        var errors = ApplyResources(response, server);
        if (errors.Count == 0)
        {
            AcceptedVersion = response.VersionInfo;
        }

        return errors;
    }

    /// <summary>The names just asked for on a connected stream that were never answered: their timers start now (gRFC A57).</summary>
    public abstract IReadOnlyList<string> TakeUnansweredNames();

    /// <summary>The resource timer ran out for these names.</summary>
    public abstract void OnTimeout(IReadOnlyList<string> names, ServerContext server);

    /// <summary>The stream ended: unanswered names get a fresh timer on the next one.</summary>
    public abstract void OnStreamClosed();

    /// <summary>The server cannot be reached: tells those who have nothing to go on with.</summary>
    public abstract void OnServerUnreachable(ServerContext server, string reason);

    protected abstract IReadOnlyList<string> ApplyResources(DiscoveryResponse response, ServerContext server);

    /// <summary>Unwraps <c>envoy.service.discovery.v3.Resource</c> and checks the type.</summary>
    protected bool TryUnwrap(Google.Protobuf.WellKnownTypes.Any any, out ByteString value, out string error)
    {
        value = any.Value;
        error = "";
        var typeUrl = any.TypeUrl;
        if (typeUrl == ResourceTypes.Wrapper)
        {
            if (!ResourceReader.TryParse(any.Value, Resource.Parser, out var wrapper, out var reason))
            {
                error = reason;
                return false;
            }

            typeUrl = wrapper.Resource_?.TypeUrl ?? "";
            value = wrapper.Resource_?.Value ?? ByteString.Empty;
        }

        if (typeUrl != TypeUrl)
        {
            error = $"a resource of type '{typeUrl}' stands in a response of type '{TypeUrl}'";
            return false;
        }

        return true;
    }
}
