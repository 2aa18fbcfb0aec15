using System.Threading.Channels;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Protos.Rpc;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Xds;

/// <summary>What a session tells the authority that it serves; every call is made on the configuration loop.</summary>
internal interface IXdsServerSessionOwner
{
    /// <summary>The server answered; its response is not applied yet.</summary>
    void OnResponding(XdsServerSession session);

    /// <summary>What the server said about one type is in the cache now.</summary>
    void OnApplied(XdsServerSession session, ResourceSet set);

    /// <summary>The server left names of one type unanswered for too long.</summary>
    void OnTimedOut(ResourceSet set);

    /// <summary>The stream ended; <see cref="XdsServerSession.Failure"/> says whether as a failure.</summary>
    void OnClosed(XdsServerSession session);
}

/// <summary>
/// What is said to one control plane, stream after stream, state of the world (gRFC A27): the requests for all that is
/// watched, ACK and NACK, this server's versions and nonces, the resource timers. Lives on the configuration loop, from
/// when its server is turned to until a better one answers.
/// </summary>
internal sealed partial class XdsServerSession : IAdsStreamOwner, IAsyncDisposable
{
    private const int InvalidArgument = 3;

    private readonly IXdsServerSessionOwner _owner;
    private readonly Progress[] _types;
    private readonly Node _node;
    private readonly ILogger _logger;
    private readonly XdsClientMetrics _metrics;
    private readonly AdsStream _stream;
    private readonly CancellationTokenSource _stopping = new();

    private Task _running = Task.CompletedTask;
    private ChannelWriter<DiscoveryRequest>? _requests;
    private bool _isNodeSent;
    private bool _isStopped;

    public XdsServerSession(IXdsTransport transport, IReadOnlyList<ResourceSet> sets, IXdsServerSessionOwner owner, XdsEnvironment environment)
    {
        _owner = owner;
        _node = environment.Node;
        _logger = environment.Logger;
        _metrics = environment.Metrics;
        Server = new ServerContext(transport.ServerName, _node.Id, transport.FailsOnDataErrors, transport.IsResourceTimerTransient);
        _types = [.. sets.Select(set => new Progress(set, new ResourceTimers(environment.Loop, environment.TimeProvider, Server.ResourceTimeout, awaited => OnTimeout(set, awaited))))];
        _stream = new AdsStream(transport, environment.Loop, this, environment.TimeProvider, environment.Random, _logger);
    }

    public ServerContext Server { get; }

    /// <summary>Whether the current stream has brought a response.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Why the server cannot be reached; <see langword="null"/> until a stream ended without a response, and again from the next response on.</summary>
    public string? Failure { get; private set; }

    public void Start()
    {
        var stopping = _stopping.Token;
        _running = Task.Run(() => _stream.RunAsync(stopping), CancellationToken.None);
    }

    /// <summary>Ends the session: from here on nothing of it reaches the cache.</summary>
    /// <remarks>Call it on the loop. Completes when the stream is closed.</remarks>
    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        IsConnected = false;
        _requests = null;
        StopTimers();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>The names of a type changed; those of a wildcard never do.</summary>
    public void MarkDirty(ResourceSet set) => ProgressOf(set.TypeUrl)!.IsDirty |= !set.IsWildcard; // made with every set

    /// <summary>Sends what changed: all changes of one step of the loop in one request for each type.</summary>
    public void Flush()
    {
        foreach (var type in _types)
        {
            if (type.IsDirty)
            {
                Send(type, errorDetail: null);
            }
        }
    }

    /// <summary>
    /// What another server said has gone into the cache. The version this server gave no longer describes what is there:
    /// were it repeated, a server that sees no change would send nothing.
    /// </summary>
    public void ForgetVersion(ResourceSet set) => ProgressOf(set.TypeUrl)!.AcceptedVersion = ""; // made with every set

    void IAdsStreamOwner.OnOpened(ChannelWriter<DiscoveryRequest> requests)
    {
        if (_isStopped)
        {
            return;
        }

        _requests = requests;
        _isNodeSent = false;
        foreach (var type in _types)
        {
            type.Nonce = "";
            type.IsDirty = false;
            if (type.Set.HasSubscription)
            {
                Send(type, errorDetail: null);
            }
        }
    }

    void IAdsStreamOwner.OnSent(DiscoveryRequest request)
    {
        if (_requests is not null && ProgressOf(request.TypeUrl) is { } type)
        {
            type.Timers.Start(type.Set.FindAwaited(request.ResourceNames));
        }
    }

    void IAdsStreamOwner.OnResponse(DiscoveryResponse response)
    {
        if (_isStopped)
        {
            return;
        }

        IsConnected = true;
        Failure = null;
        _owner.OnResponding(this);
        if (ProgressOf(response.TypeUrl) is not { Set.HasSubscription: true } type)
        {
            LogUnknownType(Server.ServerName, response.TypeUrl);
            return;
        }

        type.Nonce = response.Nonce;
        var errors = type.Set.Apply(response, Server);
        _owner.OnApplied(this, type.Set);
        if (errors.Count == 0)
        {
            type.AcceptedVersion = response.VersionInfo;
            Send(type, errorDetail: null);
            return;
        }

        var message = NackText.Of(errors);
        LogNack(Server.ServerName, response.TypeUrl, response.VersionInfo, message);
        Send(type, new Status { Code = InvalidArgument, Message = message });
    }

    void IAdsStreamOwner.OnClosed(bool isFailure, string reason)
    {
        if (_isStopped)
        {
            return;
        }

        _requests = null;
        IsConnected = false;
        StopTimers();
        if (isFailure)
        {
            if (Failure is null)
            {
                _metrics.OnServerFailed(Server.ServerName);
            }

            Failure = reason;
        }

        _owner.OnClosed(this);
    }

    /// <summary>Asks for what is watched now, which also answers the last response.</summary>
    private void Send(Progress type, Status? errorDetail)
    {
        type.IsDirty = false;
        type.Timers.Settle();
        if (_requests is null)
        {
            return;
        }

        var request = new DiscoveryRequest
        {
            TypeUrl = type.Set.TypeUrl,
            VersionInfo = type.AcceptedVersion,
            ResponseNonce = type.Nonce,
            ErrorDetail = errorDetail,
        };
        request.ResourceNames.AddRange(type.Set.Names);
        if (!_isNodeSent)
        {
            // "the node is sent in the first request of a stream only" - xDS transport protocol
            request.Node = _node;
            _isNodeSent = true;
        }

        _requests.TryWrite(request);
    }

    private void OnTimeout(ResourceSet set, IReadOnlyList<ResourceState> awaited)
    {
        set.OnTimeout(awaited, Server);
        _owner.OnTimedOut(set);
    }

    private void StopTimers()
    {
        foreach (var type in _types)
        {
            type.Timers.Stop();
        }
    }

    private Progress? ProgressOf(string typeUrl) => Array.Find(_types, type => type.Set.TypeUrl == typeUrl);

    [LoggerMessage(30, LogLevel.Warning, "{Server} sent a response of type '{TypeUrl}', which was not asked for; ignored")]
    private partial void LogUnknownType(string server, string typeUrl);

    [LoggerMessage(31, LogLevel.Warning, "Rejected (NACK) what {Server} sent as {TypeUrl} version '{Version}': {Errors}")]
    private partial void LogNack(string server, string typeUrl, string version, string errors);

    /// <summary>How far the talk about one type has come.</summary>
    private sealed class Progress(ResourceSet set, ResourceTimers timers)
    {
        public ResourceSet Set { get; } = set;

        public ResourceTimers Timers { get; } = timers;

        /// <summary>The version of the last response accepted, sent in every request; empty before the first. Survives streams.</summary>
        public string AcceptedVersion { get; set; } = "";

        /// <summary>The nonce of the last response of the current stream.</summary>
        public string Nonce { get; set; } = "";

        /// <summary>Whether the names changed since the last request.</summary>
        public bool IsDirty { get; set; }
    }
}
