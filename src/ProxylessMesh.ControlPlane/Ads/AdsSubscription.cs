using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;
using Status = ProxylessMesh.Protos.Rpc.Status;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>
/// What one stream knows of one resource type: the names subscribed to and what was sent for each. Not thread-safe: its
/// session is driven by one loop.
/// </summary>
internal sealed class AdsSubscription(string typeUrl)
{
    /// <summary>The name of the explicit wildcard subscription.</summary>
    private const string Wildcard = "*";

    private const int NotFoundCode = 5; // google.rpc.Code.NOT_FOUND

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, XdsResource?> _sent = new(StringComparer.Ordinal); // null: told that it does not exist
    private bool _isWildcard;
    private bool _hadNames;

    public string TypeUrl { get; } = typeUrl;

    /// <summary>The nonce of the last response; empty before the first.</summary>
    public string Nonce { get; private set; } = "";

    /// <summary>The version of the last response; empty before the first.</summary>
    public string SentVersion { get; private set; } = "";

    /// <summary>The last version the client accepted.</summary>
    public string? AcceptedVersion { get; set; }

    /// <summary>Why the client rejected the last response, or <see langword="null"/> when it did not.</summary>
    public string? RejectionMessage { get; set; }

    /// <summary>In listeners and clusters a response is the whole state: what it lacks does not exist. Routes and endpoints come one by one.</summary>
    private bool IsFullState => TypeUrl is ResourceTypes.Listener or ResourceTypes.Cluster;

    /// <summary>Takes over the names of a request.</summary>
    public void Subscribe(IReadOnlyCollection<string> names)
    {
        _isWildcard = IsFullState && (names.Contains(Wildcard) || (names.Count == 0 && !_hadNames));
        _hadNames |= names.Count > 0;
        _names.Clear();
        foreach (var name in names)
        {
            if (name != Wildcard)
            {
                _names.Add(name);
            }
        }

        // A name that is dropped and asked for again later is sent again: the client has forgotten it.
        foreach (var name in _sent.Keys.Where(name => !_isWildcard && !_names.Contains(name)).ToArray())
        {
            _sent.Remove(name);
        }
    }

    /// <summary>
    /// The response that brings the client up to date, or <see langword="null"/> when it is.
    /// </summary>
    /// <param name="resources">The configuration in force, as the client sees it.</param>
    /// <param name="isRemovalDue">
    /// Whether to say what is gone. Before that, a resource that is gone stays in a full-state response, so that nothing
    /// vanishes while a route of the client still leads to it.
    /// </param>
    public DiscoveryResponse? CatchUp(MeshResources resources, bool isRemovalDue)
    {
        // Who asks for everything is answered even when that is nothing.
        var isChanged = _isWildcard && Nonce.Length == 0;
        var response = new DiscoveryResponse { TypeUrl = TypeUrl, VersionInfo = resources.Version };
        foreach (var name in NamesToSend(resources))
        {
            var current = resources.Find(TypeUrl, name);
            var isKnown = _sent.TryGetValue(name, out var sent);
            if (current is null && sent is not null && !isRemovalDue)
            {
                current = sent;
            }

            var isNew = !isKnown || !Equals(current, sent);
            isChanged |= isNew;
            if (current is not null && (isNew || IsFullState))
            {
                response.Resources.Add(new Any { TypeUrl = TypeUrl, Value = current.Value });
            }
            else if (current is null && (isNew || IsFullState))
            {
                response.ResourceErrors.Add(NotFound(name, resources.Version));
            }

            Remember(name, current);
        }

        return isChanged ? response : null;
    }

    /// <summary>Gives a response its nonce; only a request that names it answers it.</summary>
    public DiscoveryResponse Stamp(DiscoveryResponse response, string nonce)
    {
        Nonce = nonce;
        SentVersion = response.VersionInfo;
        response.Nonce = nonce;
        return response;
    }

    private string[] NamesToSend(MeshResources resources)
    {
        if (!_isWildcard)
        {
            return [.. _names.Order(StringComparer.Ordinal)];
        }

        return [.. resources.Names(TypeUrl).Concat(_names).Concat(_sent.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private void Remember(string name, XdsResource? current)
    {
        if (current is null && !_names.Contains(name))
        {
            // Came by the wildcard and is gone: nobody asked for it by name.
            _sent.Remove(name);
        }
        else
        {
            _sent[name] = current;
        }
    }

    private static ResourceError NotFound(string name, string version) => new()
    {
        ResourceName = new ResourceName { Name = name },
        ErrorDetail = new Status { Code = NotFoundCode, Message = $"'{name}' is not in the mesh configuration (version {version})" },
    };
}
