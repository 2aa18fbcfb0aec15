using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Protos.Rpc;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Xds.Resources;
using ResourceError = ProxylessMesh.Configuration.ResourceError;

namespace ProxylessMesh.Xds;

/// <summary>The resources of one type, decoded. What came before, byte by byte, is known by its bytes and not decoded again.</summary>
internal sealed partial class TypedResourceSet<T> : ResourceSet
    where T : class
{
    private readonly IResourceDecoder<T> _decoder;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly XdsClientMetrics _metrics;
    private readonly Dictionary<string, ResourceState<T>> _states = new(StringComparer.Ordinal);

    /// <summary>Of all states in <see cref="_states"/>.</summary>
    private readonly KnownResources<T> _known = new();
    private readonly DataErrorPolicy<T> _dataErrors;
    private List<(ResourceState, TimeSpan?)> _renewals = [];

    /// <summary>For a wildcard: what was said to have no effect, once for all of them.</summary>
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);

    /// <summary>For a wildcard: the last full state.</summary>
    private ResourceAnswer? _fullState;

    /// <summary>The last LDS or CDS name, left by its last watcher: see <see cref="ResourceSet.HasSubscription"/>.</summary>
    private ResourceState<T>? _lingering;

    /// <param name="decoder">Of the type.</param>
    /// <param name="isFullState">See <see cref="ResourceSet.IsFullState"/>.</param>
    /// <param name="timeProvider">The clock of what is noted.</param>
    /// <param name="logger">Where it logs to.</param>
    /// <param name="metrics">Where it counts.</param>
    /// <param name="isWildcard">See <see cref="ResourceSet.IsWildcard"/>; of a full state only.</param>
    public TypedResourceSet(IResourceDecoder<T> decoder, bool isFullState, TimeProvider timeProvider, ILogger logger, XdsClientMetrics metrics, bool isWildcard = false)
        : base(decoder.TypeUrl, isFullState, isWildcard)
    {
        _decoder = decoder;
        _timeProvider = timeProvider;
        _logger = logger;
        _metrics = metrics;
        _dataErrors = new DataErrorPolicy<T>(decoder.TypeUrl, _known, logger);
    }

    public override IReadOnlyCollection<string> Names => IsWildcard ? [] : _states.Keys;

    public override bool HasAwaited
    {
        get
        {
            foreach (var state in _states.Values)
            {
                if (state.IsAwaited)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public override IEnumerable<(string Authority, string State)> CacheStates
        => _states.Values.Select(static state => (state.Authority, TelemetryNames.Of(state.Status, state.HasValue)));

    /// <returns>Whether the name is new, so that the server must be asked.</returns>
    public bool Add(string name, IResourceWatcher<T> watcher)
    {
        var isNew = !_states.TryGetValue(name, out var state);
        if (isNew)
        {
            state = new ResourceState<T>(name);
            _states.Add(name, state);
            HasSubscription = true;
            if (_fullState is { } fullState)
            {
                _dataErrors.OnAbsent(state, fullState);
            }
        }

        if (_lingering is not null && _lingering != state)
        {
            Drop(_lingering);
        }

        _lingering = null;
        state!.Add(watcher); // found or created above
        return isNew;
    }

    /// <returns>Whether the name was dropped, so that the server must be told.</returns>
    public bool Remove(string name, IResourceWatcher<T> watcher)
    {
        if (!_states.TryGetValue(name, out var state))
        {
            return false;
        }

        state.Remove(watcher);
        if (IsWildcard)
        {
            DropUnlessServed(state);
            return false;
        }

        if (state.HasWatchers || (IsFullState && _states.Count == 1))
        {
            _lingering = state.HasWatchers ? null : state;
            return false;
        }

        Drop(state);
        return true;
    }

    public override IReadOnlyList<ResourceState> FindAwaited(IEnumerable<string> names)
    {
        var awaited = new List<ResourceState>();
        foreach (var name in names)
        {
            if (_states.TryGetValue(name, out var state) && state.IsAwaited)
            {
                awaited.Add(state);
            }
        }

        return awaited;
    }

    public override void OnTimeout(IReadOnlyList<ResourceState> states, ServerContext server)
    {
        var answer = new ResourceAnswer(server, Version: "", _timeProvider.GetUtcNow());
        foreach (var awaited in states)
        {
            // Meanwhile it may have come, or its last watcher gone, or another subscription to the name begun.
            if (!awaited.IsAwaited || !_states.TryGetValue(awaited.Name, out var state) || state != awaited)
            {
                continue;
            }

            _dataErrors.OnTimeout(state, answer);
        }
    }

    public override IReadOnlyList<(ResourceState State, TimeSpan? TimeToLive)> TakeRenewals()
    {
        if (_renewals.Count == 0)
        {
            return [];
        }

        var renewals = _renewals;
        _renewals = [];
        return renewals;
    }

    public override void OnExpired(ResourceState state, ServerContext server)
    {
        if (_states.TryGetValue(state.Name, out var current) && current == state && current.HasValue)
        {
            current.IsTemporary = false;
            _dataErrors.OnExpired(current, new ResourceAnswer(server, Version: "", _timeProvider.GetUtcNow()));
        }
    }

    public override void OnUnreachable(ResourceError error)
    {
        foreach (var state in _states.Values.ToArray())
        {
            if (state.IsAwaited)
            {
                state.SetError(error);
            }
        }
    }

    /// <summary>No server can be reached: tells those who wait for this name, and those who will.</summary>
    public void OnUnreachable(string name, ResourceError error)
    {
        if (_states.TryGetValue(name, out var state) && state.IsAwaited)
        {
            state.SetError(error);
        }
    }

    public override void Describe(List<MeshResource> resources)
    {
        foreach (var state in _states.Values)
        {
            resources.Add(state.Describe(TypeUrl));
        }
    }

    public override IReadOnlyList<string> Apply(DiscoveryResponse response, ServerContext server)
    {
        var answer = new ResourceAnswer(server, response.VersionInfo, _timeProvider.GetUtcNow());
        var findings = new ResponseFindings(ResourceTypes.NameOf(TypeUrl));

        // 1. Every resource stands for itself: the valid ones of a rejected response are used (gRFC A46).
        var invalid = 0;
        foreach (var any in response.Resources)
        {
            if (!UnwrappedResource.TryUnwrap(any, TypeUrl, out var resource, out var error))
            {
                findings.AddError(error);
                invalid++;
                continue;
            }

            var errorsBefore = findings.Errors.Count;
            if (ApplyResource(resource, findings, answer) is { IsDropped: false } state && (state.IsTemporary || resource.TimeToLive is not null))
            {
                state.IsTemporary = resource.TimeToLive is not null;
                _renewals.Add((state, resource.TimeToLive));
            }

            invalid += findings.Errors.Count > errorsBefore ? 1 : 0;
        }

        _metrics.OnResources(server.ServerName, ShortName, response.Resources.Count - invalid, invalid);

        // 2. What the server says it cannot give (xRFC TP3).
        foreach (var resourceError in response.ResourceErrors)
        {
            var name = XdstpName.Canonicalize(resourceError.ResourceName?.Name ?? "");
            if (_states.TryGetValue(name, out var state))
            {
                findings.AddName(name);
                _dataErrors.OnResourceError(state, resourceError.ErrorDetail ?? new Status(), answer);
            }
        }

        // 3. In a full state, what was there before and is not now was deleted.
        if (IsFullState)
        {
            foreach (var state in _states.Values.ToArray())
            {
                if (!findings.Holds(state.Name))
                {
                    ApplyAbsence(state, answer);
                }
            }

            _fullState = IsWildcard ? answer : null;
        }

        return findings.Errors;
    }

    private void ApplyAbsence(ResourceState<T> state, in ResourceAnswer answer)
    {
        if (state.HasValue)
        {
            _dataErrors.OnDeleted(state, answer);
        }
        else if (IsWildcard)
        {
            _dataErrors.OnAbsent(state, answer);
        }

        if (IsWildcard)
        {
            DropUnlessServed(state);
        }
    }

    /// <summary>A wildcard keeps what the server has, watched or not, and of the rest only what is watched.</summary>
    private void DropUnlessServed(ResourceState<T> state)
    {
        if (!state.HasWatchers && (!state.HasValue || state.Status == MeshResourceState.DoesNotExist))
        {
            Drop(state);
        }
    }

    /// <returns>Whose resource came, or came again; <see langword="null"/> when none was accepted that is asked for.</returns>
    private ResourceState<T>? ApplyResource(in UnwrappedResource unwrapped, ResponseFindings findings, in ResourceAnswer answer)
    {
        if (unwrapped.Bytes is not { } bytes)
        {
            return ApplyHeartbeat(XdstpName.Canonicalize(unwrapped.Name), findings, answer);
        }

        // 1. The same bytes as before: for the watchers nothing has changed (gRFC A36).
        if (_known.TryFind(bytes, out var known))
        {
            if (!findings.IsFirst(known.State.Name))
            {
                return null;
            }

            if (known.IsRejected)
            {
                Reject(known.State, findings, answer);
                return null;
            }

            known.State.NoteGood(answer);
            return known.State;
        }

        // 2. Not asked for: ignored when valid, reported when not ("all errors of a response are reported" - gRFC A46).
        var decoded = _decoder.Decode(bytes);
        var name = XdstpName.Canonicalize(decoded.Name);
        if (name.Length > 0 && !findings.IsFirst(name))
        {
            return null;
        }

        if (!_states.TryGetValue(name, out var state))
        {
            if (!IsWildcard || name.Length == 0)
            {
                findings.AddRejection(name, decoded.Errors);
                return null;
            }

            state = new ResourceState<T>(name);
            _states.Add(name, state);
        }

        // 3. Rejected, or used.
        _known.Forget(state);
        if (decoded.Resource is { } resource)
        {
            LogAccepted(TypeUrl, name);
            foreach (var warning in decoded.Warnings)
            {
                if (!IsWildcard || _warned.Add(warning))
                {
                    LogIgnored(TypeUrl, name, warning);
                }
            }

            state.NoteGood(answer);
            state.SetValue(resource, bytes);
        }
        else
        {
            state.SetRejection(bytes, decoded.Errors);
            Reject(state, findings, answer);
        }

        _known.Remember(state);
        return decoded.IsAccepted ? state : null;
    }

    /// <summary>A resource without content: the one in use goes on being used.</summary>
    private ResourceState<T>? ApplyHeartbeat(string name, ResponseFindings findings, in ResourceAnswer answer)
    {
        if (!findings.IsFirst(name) || !_states.TryGetValue(name, out var state) || !state.HasValue)
        {
            return null;
        }

        state.NoteGood(answer);
        return state;
    }

    private void Reject(ResourceState<T> state, ResponseFindings findings, in ResourceAnswer answer)
    {
        findings.AddRejection(state.Name, state.Rejection);
        _dataErrors.OnRejected(state, answer);
    }

    private void Drop(ResourceState<T> state)
    {
        state.IsDropped = true;
        if (state.IsTemporary)
        {
            _renewals.Add((state, null)); // its clock stops
        }

        _known.Forget(state);
        _states.Remove(state.Name);
    }

    [LoggerMessage(20, LogLevel.Debug, "{TypeUrl} '{Name}' accepted")]
    private partial void LogAccepted(string typeUrl, string name);

    // 21, 23 and 25 are DataErrorPolicy's, 22 unused

    [LoggerMessage(24, LogLevel.Information, "{TypeUrl} '{Name}': {Warning}")]
    private partial void LogIgnored(string typeUrl, string name, string warning);
}
