using Envoy.Service.Discovery.V3;
using Google.Protobuf;
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

    public override IEnumerable<string> CacheStates => _states.Values.Select(static state => TelemetryNames.Of(state.Status, state.HasValue));

    private string Kind => ResourceTypes.NameOf(TypeUrl);

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
        var errors = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);

        // 1. Every resource stands for itself: the valid ones of a rejected response are used (gRFC A46).
        var invalid = 0;
        foreach (var any in response.Resources)
        {
            if (!TryUnwrap(any, out var bytes, out var error))
            {
                errors.Add(error);
                invalid++;
                continue;
            }

            var errorsBefore = errors.Count;
            ApplyResource(bytes, seen, errors, answer);
            invalid += errors.Count > errorsBefore ? 1 : 0;
        }

        _metrics.OnResources(server.ServerName, ShortName, response.Resources.Count - invalid, invalid);

        // 2. What the server says it cannot give (xRFC TP3).
        foreach (var resourceError in response.ResourceErrors)
        {
            var name = resourceError.ResourceName?.Name ?? "";
            if (_states.TryGetValue(name, out var state))
            {
                seen.Add(name);
                _dataErrors.OnResourceError(state, resourceError.ErrorDetail ?? new Status(), answer);
            }
        }

        // 3. In a full state, what was there before and is not now was deleted.
        if (IsFullState)
        {
            foreach (var state in _states.Values.ToArray())
            {
                if (!seen.Contains(state.Name))
                {
                    ApplyAbsence(state, answer);
                }
            }

            _fullState = IsWildcard ? answer : null;
        }

        return errors;
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

    private void ApplyResource(ByteString bytes, HashSet<string> seen, List<string> errors, in ResourceAnswer answer)
    {
        // 1. The same bytes as before: for the watchers nothing has changed (gRFC A36).
        if (_known.TryFind(bytes, out var known))
        {
            if (!IsFirst(known.State.Name, seen, errors))
            {
                return;
            }

            if (known.IsRejected)
            {
                Reject(known.State, errors, answer);
            }
            else
            {
                known.State.NoteGood(answer);
            }

            return;
        }

        // 2. Not asked for: ignored when valid, reported when not ("all errors of a response are reported" - gRFC A46).
        var decoded = _decoder.Decode(bytes);
        if (decoded.Name.Length > 0 && !IsFirst(decoded.Name, seen, errors))
        {
            return;
        }

        if (!_states.TryGetValue(decoded.Name, out var state))
        {
            if (!IsWildcard || decoded.Name.Length == 0)
            {
                AddErrors(errors, decoded.Name, decoded.Errors);
                return;
            }

            state = new ResourceState<T>(decoded.Name);
            _states.Add(decoded.Name, state);
        }

        // 3. Rejected, or used.
        _known.Forget(state);
        if (decoded.Resource is { } resource)
        {
            LogAccepted(TypeUrl, decoded.Name);
            foreach (var warning in decoded.Warnings)
            {
                if (!IsWildcard || _warned.Add(warning))
                {
                    LogIgnored(TypeUrl, decoded.Name, warning);
                }
            }

            state.NoteGood(answer);
            state.SetValue(resource, bytes);
        }
        else
        {
            state.SetRejection(bytes, decoded.Errors);
            Reject(state, errors, answer);
        }

        _known.Remember(state);
    }

    private static bool IsFirst(string name, HashSet<string> seen, List<string> errors)
    {
        if (seen.Add(name))
        {
            return true;
        }

        errors.Add($"resource '{name}' stands in the response more than once");
        return false;
    }

    private void AddErrors(List<string> errors, string name, IReadOnlyList<string> rejection)
    {
        foreach (var error in rejection)
        {
            errors.Add($"{Kind} '{name}': {error}");
        }
    }

    private void Reject(ResourceState<T> state, List<string> errors, in ResourceAnswer answer)
    {
        AddErrors(errors, state.Name, state.Rejection);
        _dataErrors.OnRejected(state, answer);
    }

    private void Drop(ResourceState<T> state)
    {
        state.IsDropped = true;
        _known.Forget(state);
        _states.Remove(state.Name);
    }

    [LoggerMessage(20, LogLevel.Debug, "{TypeUrl} '{Name}' accepted")]
    private partial void LogAccepted(string typeUrl, string name);

    // 21, 23 and 25 are DataErrorPolicy's, 22 unused

    [LoggerMessage(24, LogLevel.Information, "{TypeUrl} '{Name}': {Warning}")]
    private partial void LogIgnored(string typeUrl, string name, string warning);
}
