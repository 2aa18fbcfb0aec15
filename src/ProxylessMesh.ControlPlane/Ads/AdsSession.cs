using System.Globalization;
using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>
/// The server's side of one aggregated discovery stream (state of the world), free of any transport: requests and new
/// configurations go in, the responses to send come out. Not thread-safe: driven by one loop.
/// </summary>
internal sealed partial class AdsSession
{
    // Make before break: what a resource leads to comes before the resource.
    private readonly AdsSubscription?[] _subscriptions = new AdsSubscription?[4];

    private readonly ILogger _logger;
    private AdsClientIdentity? _client;
    private MeshResources _resources;
    private long _lastNonce;

    public AdsSession(MeshResources resources, ILogger logger)
    {
        _resources = resources;
        _logger = logger;
    }

    /// <summary>What the client said of itself in its first request.</summary>
    public AdsClientIdentity Client => _client ?? AdsClientIdentity.Unknown;

    /// <summary>What is known of a type, or <see langword="null"/> when the client never asked for it.</summary>
    public AdsSubscription? FindSubscription(string typeUrl) => PushIndex(typeUrl) is var index and >= 0 ? _subscriptions[index] : null;

    /// <summary>Takes a request: a subscription, a change of one, an ACK or a NACK.</summary>
    /// <returns>What to send, in this order.</returns>
    public IReadOnlyList<DiscoveryResponse> OnRequest(DiscoveryRequest request)
    {
        // Only the first request of a stream carries the node.
        if (_client is null)
        {
            _client = AdsClientIdentity.From(request.Node);
            _resources = _resources.For(_client.View);
        }

        var index = PushIndex(request.TypeUrl);
        if (index < 0)
        {
            LogUnknownType(_logger, Client.NodeId, request.TypeUrl);
            return [];
        }

        var subscription = _subscriptions[index] ??= new AdsSubscription(request.TypeUrl);
        var isAnswer = subscription.Nonce.Length > 0 && request.ResponseNonce.Length > 0;
        if (isAnswer && request.ResponseNonce != subscription.Nonce)
        {
            // The client has not seen our last response yet; its answer to that one carries its names again.
            LogStaleNonce(_logger, Client.NodeId, request.TypeUrl, request.ResponseNonce);
            return [];
        }

        if (isAnswer)
        {
            RecordAnswer(subscription, request);
        }

        subscription.Subscribe(request.ResourceNames);
        return subscription.CatchUp(_resources, isRemovalDue: true) is { } response
            ? [subscription.Stamp(response, NextNonce())]
            : [];
    }

    /// <summary>Takes a new configuration.</summary>
    /// <returns>
    /// What to send, in this order: clusters, endpoints, listeners, routes, and last what is gone, when no route leads there any more.
    /// </returns>
    public IReadOnlyList<DiscoveryResponse> OnChanged(MeshResources resources)
    {
        _resources = resources.For(Client.View);
        var responses = new List<DiscoveryResponse>();
        AddChanges(responses, isRemovalDue: false);
        AddChanges(responses, isRemovalDue: true);
        return responses;
    }

    private void AddChanges(List<DiscoveryResponse> responses, bool isRemovalDue)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription?.CatchUp(_resources, isRemovalDue) is { } response)
            {
                responses.Add(subscription.Stamp(response, NextNonce()));
            }
        }
    }

    private void RecordAnswer(AdsSubscription subscription, DiscoveryRequest request)
    {
        if (request.ErrorDetail is { } error)
        {
            subscription.RejectionMessage = error.Message;
            LogRejected(_logger, Client.NodeId, subscription.SentVersion, request.TypeUrl, request.VersionInfo, error.Message);
            return;
        }

        subscription.RejectionMessage = null;
        subscription.AcceptedVersion = request.VersionInfo;
        LogAccepted(_logger, Client.NodeId, request.TypeUrl, request.VersionInfo);
    }

    private static int PushIndex(string typeUrl) => typeUrl switch
    {
        ResourceTypes.Cluster => 0,
        ResourceTypes.ClusterLoadAssignment => 1,
        ResourceTypes.Listener => 2,
        ResourceTypes.RouteConfiguration => 3,
        _ => -1,
    };

    private string NextNonce() => (++_lastNonce).ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(20, LogLevel.Debug, "Client '{NodeId}' accepted {TypeUrl} version {Version}")]
    private static partial void LogAccepted(ILogger logger, string nodeId, string typeUrl, string version);

    [LoggerMessage(21, LogLevel.Warning, "Client '{NodeId}' rejected version {Version} of {TypeUrl} and stays with version '{AcceptedVersion}': {Error}")]
    private static partial void LogRejected(ILogger logger, string nodeId, string version, string typeUrl, string acceptedVersion, string error);

    [LoggerMessage(22, LogLevel.Debug, "Client '{NodeId}' answered {TypeUrl} with the nonce '{Nonce}', which is not the last one; ignored")]
    private static partial void LogStaleNonce(ILogger logger, string nodeId, string typeUrl, string nonce);

    [LoggerMessage(23, LogLevel.Debug, "Client '{NodeId}' asks for {TypeUrl}, which this control plane does not serve; ignored")]
    private static partial void LogUnknownType(ILogger logger, string nodeId, string typeUrl);
}
