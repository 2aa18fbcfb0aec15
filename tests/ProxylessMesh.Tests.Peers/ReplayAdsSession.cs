using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Envoy.Service.Discovery.V3;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Peers;

/// <summary>One client's stream at a <see cref="ReplayAdsServer"/>: what it subscribes to and what was sent last, by type.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A semaphore whose wait handle is never asked for holds nothing to dispose of.")]
internal sealed class ReplayAdsSession
{
    private readonly ReplayAdsServer _server;
    private readonly ScriptedAdsStream _stream;
    private readonly SemaphoreSlim _turn = new(1); // held while a request is answered or a push is sent
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal); // by type; values guarded by _turn

    public ReplayAdsSession(ReplayAdsServer server, ScriptedAdsStream stream)
    {
        _server = server;
        _stream = stream;
        Done = RunAsync();
    }

    /// <summary>Completes when the stream is over.</summary>
    public Task Done { get; }

    /// <summary>Whether the client subscribes to resources of a type, and the request that says so has been dealt with.</summary>
    public bool Subscribes(string typeUrl) => !_stream.IsOver && _subscriptions.TryGetValue(typeUrl, out var subscription) && subscription.IsSettled;

    /// <summary>Sends the subscribed resources of a type as they are now.</summary>
    public Task SendAsync(string typeUrl) => InTurnAsync(() =>
        _subscriptions.TryGetValue(typeUrl, out var subscription) ? AnswerAsync(typeUrl, subscription) : Task.CompletedTask);

    /// <summary>Sends a response as it is.</summary>
    public Task PushAsync(DiscoveryResponse response) => InTurnAsync(() =>
    {
        Subscribe(response.TypeUrl).Nonce = response.Nonce;
        return _stream.SendAsync(response);
    });

    private async Task RunAsync()
    {
        await foreach (var request in _stream.ReadAllAsync())
        {
            await InTurnAsync(() => ObeyAsync(request));
        }
    }

    private async Task ObeyAsync(DiscoveryRequest request)
    {
        var subscription = Subscribe(request.TypeUrl);
        if (request.ErrorDetail is not null)
        {
            _server.RecordNack(request);
        }

        // A request that answers an older response than the last one is overtaken: another follows.
        if (request.ResponseNonce != subscription.Nonce)
        {
            return;
        }

        // No names in the first request of a stream mean all there are ("wildcard", xDS transport protocol).
        var isWildcard = subscription.Nonce.Length == 0 && request.ResourceNames.Count == 0 && request.TypeUrl is ResourceTypes.Cluster or ResourceTypes.Listener;
        var asksForMore = isWildcard || request.ResourceNames.Any(name => !subscription.Names.Contains(name));
        subscription.IsWildcard |= isWildcard;
        subscription.Names = [.. request.ResourceNames];
        if (asksForMore)
        {
            await AnswerAsync(request.TypeUrl, subscription);
        }

        subscription.IsSettled = true;
    }

    private Task AnswerAsync(string typeUrl, Subscription subscription)
    {
        var resources = subscription.IsWildcard ? _server.FindAll(typeUrl) : _server.Find(typeUrl, subscription.Names);
        if (resources.Count == 0 && subscription.Nonce.Length == 0)
        {
            return Task.CompletedTask;
        }

        var version = _server.NextVersion();
        subscription.Nonce = $"nonce-{version}";
        return _stream.SendAsync(AdsResponses.OfAny(typeUrl, version, subscription.Nonce, resources));
    }

    private Subscription Subscribe(string typeUrl) => _subscriptions.GetOrAdd(typeUrl, static _ => new Subscription());

    private async Task InTurnAsync(Func<Task> action)
    {
        await _turn.WaitAsync();
        try
        {
            if (!_stream.Ended.IsCompleted)
            {
                await action();
            }
        }
        catch (Exception e) when (_stream.IsOver && e is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The client left while it was being written to.
        }
        finally
        {
            _turn.Release();
        }
    }

    private sealed class Subscription
    {
        private volatile bool _isSettled;

        public bool IsSettled
        {
            get => _isSettled;
            set => _isSettled = value;
        }

        public bool IsWildcard { get; set; }

        public HashSet<string> Names { get; set; } = new(StringComparer.Ordinal);

        /// <summary>Of the last response of the type; empty before the first.</summary>
        public string Nonce { get; set; } = "";
    }
}
