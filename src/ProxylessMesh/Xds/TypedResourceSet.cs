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
internal sealed partial class TypedResourceSet<T>(IResourceDecoder<T> decoder, bool isFullState, TimeProvider timeProvider, ILogger logger, XdsClientMetrics metrics)
    : ResourceSet(decoder.TypeUrl, isFullState)
    where T : class
{
    private const int NotFound = 5;
    private const int PermissionDenied = 7;

    private readonly Dictionary<string, ResourceState<T>> _states = new(StringComparer.Ordinal);

    /// <summary>Of all states in <see cref="_states"/>.</summary>
    private readonly KnownResources<T> _known = new();

    /// <summary>The last LDS or CDS name, left by its last watcher: see <see cref="ResourceSet.HasSubscription"/>.</summary>
    private ResourceState<T>? _lingering;

    public override IReadOnlyCollection<string> Names => _states.Keys;

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
        var answer = new ResourceAnswer(server, Version: "", timeProvider.GetUtcNow());
        foreach (var awaited in states)
        {
            // Meanwhile it may have come, or its last watcher gone, or another subscription to the name begun.
            if (!awaited.IsAwaited || !_states.TryGetValue(awaited.Name, out var state) || state != awaited)
            {
                continue;
            }

            var silence = $"it has not answered for it in {server.ResourceTimeout.TotalSeconds:0} s";
            if (server.IsTimerTransient)
            {
                LogSlow(TypeUrl, state.Name, server.ServerName, server.ResourceTimeout);
                state.NoteError(MeshResourceState.Timeout, silence, answer);
                state.SetError(new ResourceError(ResourceErrorKind.ControlPlaneUnreachable, server.Describe($"the control plane is too slow to give {Kind} '{state.Name}': {silence}")));
            }
            else
            {
                LogDoesNotExist(TypeUrl, state.Name);
                state.NoteError(MeshResourceState.DoesNotExist, silence, answer);
                state.SetError(DoesNotExist(state.Name, server, silence));
            }
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
        var answer = new ResourceAnswer(server, response.VersionInfo, timeProvider.GetUtcNow());
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

        metrics.OnResources(server.ServerName, ShortName, response.Resources.Count - invalid, invalid);

        // 2. What the server says it cannot give (xRFC TP3).
        foreach (var resourceError in response.ResourceErrors)
        {
            ApplyResourceError(resourceError.ResourceName?.Name ?? "", resourceError.ErrorDetail ?? new Status(), seen, answer);
        }

        // 3. In a full state, what was there before and is not now was deleted.
        if (IsFullState)
        {
            foreach (var state in _states.Values.ToArray())
            {
                if (state.HasValue && !seen.Contains(state.Name))
                {
                    Fail(state, MeshResourceState.DoesNotExist, "it was deleted", server.FailOnDataErrors, DoesNotExist(state.Name, server, "it was deleted"), answer);
                }
            }
        }

        return errors;
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
        var decoded = decoder.Decode(bytes);
        if (decoded.Name.Length > 0 && !IsFirst(decoded.Name, seen, errors))
        {
            return;
        }

        if (!_states.TryGetValue(decoded.Name, out var state))
        {
            AddErrors(errors, decoded.Name, decoded.Errors);
            return;
        }

        // 3. Rejected, or used.
        _known.Forget(state);
        if (decoded.Resource is { } resource)
        {
            LogAccepted(TypeUrl, decoded.Name);
            foreach (var warning in decoded.Warnings)
            {
                LogIgnored(TypeUrl, decoded.Name, warning);
            }

            state.NoteGood(answer);
            state.SetValue(resource, bytes);
        }
        else
        {
            state.SetRejection(bytes, decoded.Errors);
            Reject(state, errors, answer);
        }

        Remember(state);
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
        var server = answer.Server;
        var reason = string.Join("; ", state.Rejection);
        Fail(state, MeshResourceState.Nacked, reason, server.FailOnDataErrors, new ResourceError(ResourceErrorKind.Invalid, server.Describe($"{Kind} '{state.Name}' was rejected: {reason}")), answer);
    }

    private void ApplyResourceError(string name, Status status, HashSet<string> seen, in ResourceAnswer answer)
    {
        if (!_states.TryGetValue(name, out var state))
        {
            return;
        }

        // Any other status than these two is transient: it says nothing about the resource, and never takes it away (gRFC A88).
        seen.Add(name);
        var server = answer.Server;
        var error = status.Code switch
        {
            NotFound => DoesNotExist(name, server, status.Message),
            PermissionDenied => new ResourceError(ResourceErrorKind.Invalid, server.Describe($"{Kind} '{name}' was refused: {status.Message}")),
            _ => new ResourceError(ResourceErrorKind.ControlPlaneUnreachable, server.Describe($"the control plane cannot give {Kind} '{name}' for now: {status.Message}")),
        };
        Fail(state, MeshResourceState.ReceivedError, status.Message, server.FailOnDataErrors && status.Code is NotFound or PermissionDenied, error, answer);
    }

    /// <summary>Something is wrong with a resource (gRFC A88): one that is in use stays so, unless the server wants otherwise.</summary>
    private void Fail(ResourceState<T> state, MeshResourceState status, string reason, bool dropsCached, ResourceError error, in ResourceAnswer answer)
    {
        var isKept = state.HasValue && !dropsCached;
        var isNews = state.NoteError(status, reason, answer);
        if (isNews)
        {
            LogError(TypeUrl, state.Name, status, reason, isKept);
        }

        if (!isKept && (isNews || state.HasValue))
        {
            _known.Forget(state);
            state.SetError(error);
            Remember(state);
        }
    }

    private void Remember(ResourceState<T> state)
    {
        // The watchers told of it may have let go of it.
        if (_states.TryGetValue(state.Name, out var current) && current == state)
        {
            _known.Remember(state);
        }
    }

    private void Drop(ResourceState<T> state)
    {
        _known.Forget(state);
        _states.Remove(state.Name);
    }

    private ResourceError DoesNotExist(string name, ServerContext server, string reason)
        => new(ResourceErrorKind.DoesNotExist, server.Describe($"there is no {Kind} '{name}': {reason}"));

    [LoggerMessage(20, LogLevel.Debug, "{TypeUrl} '{Name}' accepted")]
    private partial void LogAccepted(string typeUrl, string name);

    [LoggerMessage(21, LogLevel.Warning, "{TypeUrl} '{Name}' is {State}: {Reason}. The last good version stays in use: {IsKept}")]
    private partial void LogError(string typeUrl, string name, MeshResourceState state, string reason, bool isKept);

    // 22 unused

    [LoggerMessage(23, LogLevel.Warning, "{TypeUrl} '{Name}' does not exist: the control plane has not answered for it")]
    private partial void LogDoesNotExist(string typeUrl, string name);

    [LoggerMessage(24, LogLevel.Information, "{TypeUrl} '{Name}': {Warning}")]
    private partial void LogIgnored(string typeUrl, string name, string warning);

    [LoggerMessage(25, LogLevel.Warning, "{TypeUrl} '{Name}': {Server} has not answered for it in {Timeout}; it goes on being waited for")]
    private partial void LogSlow(string typeUrl, string name, string server, TimeSpan timeout);
}
