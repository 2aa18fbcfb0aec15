using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Protos.Rpc;
using ProxylessMesh.Xds.Resources;
using ResourceError = ProxylessMesh.Configuration.ResourceError;

namespace ProxylessMesh.Xds;

/// <summary>The resources of one type, decoded.</summary>
internal sealed partial class TypedResourceSet<T>(IResourceDecoder<T> decoder, bool isFullState, ILogger logger)
    : ResourceSet(decoder.TypeUrl, isFullState)
    where T : class
{
    private const int NotFound = 5;
    private const int PermissionDenied = 7;

    private readonly Dictionary<string, ResourceState<T>> _states = new(StringComparer.Ordinal);

    public override IReadOnlyCollection<string> Names => _states.Keys;

    /// <returns>Whether the name is new, so that the server must be asked.</returns>
    public bool Add(string name, IResourceWatcher<T> watcher, ResourceError? unreachable)
    {
        var isNew = !_states.TryGetValue(name, out var state);
        if (isNew)
        {
            state = new ResourceState<T>(name);
            _states.Add(name, state);
            HasSubscription = true;
            if (unreachable is not null)
            {
                state.SetError(unreachable);
            }
        }

        state!.Add(watcher); // found or created above
        DropLingering();
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
            // The last LDS or CDS name lingers without a watcher: see HasSubscription.
            return false;
        }

        return _states.Remove(name);
    }

    public override IReadOnlyList<string> TakeUnansweredNames()
    {
        var names = new List<string>();
        foreach (var state in _states.Values)
        {
            if (!state.IsAnswered && !state.IsTimed)
            {
                state.IsTimed = true;
                names.Add(state.Name);
            }
        }

        return names;
    }

    public override void OnTimeout(IReadOnlyList<string> names, ServerContext server)
    {
        foreach (var name in names)
        {
            if (_states.TryGetValue(name, out var state) && !state.IsAnswered && state.IsTimed)
            {
                state.IsAnswered = true;
                LogDoesNotExist(TypeUrl, name);
                state.SetError(DoesNotExist(name, server, "it has not answered for it"));
            }
        }
    }

    public override void OnStreamClosed()
    {
        foreach (var state in _states.Values)
        {
            state.IsTimed = false;
        }
    }

    public override void OnServerUnreachable(ServerContext server, string reason)
    {
        foreach (var state in _states.Values.ToArray())
        {
            if (!state.IsAnswered)
            {
                state.SetError(Unreachable(server, reason));
            }
        }
    }

    public static ResourceError Unreachable(ServerContext server, string reason)
        => new(ResourceErrorKind.ControlPlaneUnreachable, server.Describe($"the control plane cannot be reached: {reason}"));

    protected override IReadOnlyList<string> ApplyResources(DiscoveryResponse response, ServerContext server)
    {
        var errors = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);

        // 1. Every resource stands for itself: the valid ones of a rejected response are used (gRFC A46).
        foreach (var any in response.Resources)
        {
            if (!TryUnwrap(any, out var bytes, out var error))
            {
                errors.Add(error);
                continue;
            }

            ApplyResource(bytes, seen, errors, server);
        }

        // 2. What the server says it cannot give (xRFC TP3).
        foreach (var resourceError in response.ResourceErrors)
        {
            ApplyResourceError(resourceError.ResourceName?.Name ?? "", resourceError.ErrorDetail ?? new Status(), seen, server);
        }

        // 3. In a full state, what was there before and is not now was deleted.
        if (IsFullState)
        {
            foreach (var state in _states.Values.ToArray())
            {
                if (state.Value is not null && !seen.Contains(state.Name))
                {
                    Delete(state, server);
                }
            }
        }

        return errors;
    }

    private void ApplyResource(Google.Protobuf.ByteString bytes, HashSet<string> seen, List<string> errors, ServerContext server)
    {
        var decoded = decoder.Decode(bytes);
        if (!seen.Add(decoded.Name))
        {
            errors.Add($"resource '{decoded.Name}' stands in the response more than once");
            return;
        }

        if (!_states.TryGetValue(decoded.Name, out var state))
        {
            // Not asked for: ignored when valid, reported when not ("all errors of a response are reported" - gRFC A46).
            AddErrors(errors, decoded);
            return;
        }

        var isRepeat = state.Bytes is not null && state.Bytes.Equals(bytes) && (state.Value is not null || !decoded.IsAccepted);
        state.Bytes = bytes;
        state.IsAnswered = true;
        if (decoded.IsAccepted)
        {
            if (!isRepeat)
            {
                LogAccepted(TypeUrl, decoded.Name);
                foreach (var warning in decoded.Warnings)
                {
                    LogIgnored(TypeUrl, decoded.Name, warning);
                }

                state.SetValue(decoded.Resource!); // IsAccepted
            }

            return;
        }

        AddErrors(errors, decoded);
        if (!isRepeat)
        {
            Reject(state, string.Join("; ", decoded.Errors), server);
        }
    }

    private void AddErrors(List<string> errors, DecodeResult<T> decoded)
    {
        foreach (var error in decoded.Errors)
        {
            errors.Add($"{Kind} '{decoded.Name}': {error}");
        }
    }

    private void Reject(ResourceState<T> state, string reason, ServerContext server)
    {
        LogRejected(TypeUrl, state.Name, reason, state.Value is not null && !server.FailOnDataErrors);
        if (state.Value is null || server.FailOnDataErrors)
        {
            state.SetError(new ResourceError(ResourceErrorKind.Invalid, server.Describe($"{Kind} '{state.Name}' was rejected: {reason}")));
        }
    }

    private void ApplyResourceError(string name, Status status, HashSet<string> seen, ServerContext server)
    {
        if (!_states.TryGetValue(name, out var state))
        {
            return;
        }

        seen.Add(name);
        state.IsAnswered = true;
        if (state.Value is not null && !(server.FailOnDataErrors && status.Code is NotFound or PermissionDenied))
        {
            LogKept(TypeUrl, name, status.Message);
            return;
        }

        state.Bytes = null;
        state.SetError(status.Code == NotFound
            ? DoesNotExist(name, server, status.Message)
            : new ResourceError(ResourceErrorKind.Invalid, server.Describe($"{Kind} '{name}' was refused: {status.Message}")));
    }

    private void Delete(ResourceState<T> state, ServerContext server)
    {
        if (!server.FailOnDataErrors)
        {
            LogKept(TypeUrl, state.Name, "deleted by the control plane");
            return;
        }

        state.Bytes = null;
        state.SetError(DoesNotExist(state.Name, server, "it was deleted"));
    }

    private void DropLingering()
    {
        if (!IsFullState)
        {
            return;
        }

        foreach (var (name, state) in _states)
        {
            if (!state.HasWatchers && _states.Count > 1)
            {
                _states.Remove(name);
            }
        }
    }

    private ResourceError DoesNotExist(string name, ServerContext server, string reason)
        => new(ResourceErrorKind.DoesNotExist, server.Describe($"there is no {Kind} '{name}': {reason}"));

    private string Kind => ResourceTypes.NameOf(TypeUrl);

    [LoggerMessage(20, LogLevel.Debug, "{TypeUrl} '{Name}' accepted")]
    private partial void LogAccepted(string typeUrl, string name);

    [LoggerMessage(21, LogLevel.Warning, "{TypeUrl} '{Name}' rejected: {Reason}. The last good version stays in use: {IsKept}")]
    private partial void LogRejected(string typeUrl, string name, string reason, bool isKept);

    [LoggerMessage(22, LogLevel.Warning, "{TypeUrl} '{Name}': {Reason}. The last good version stays in use")]
    private partial void LogKept(string typeUrl, string name, string reason);

    [LoggerMessage(23, LogLevel.Warning, "{TypeUrl} '{Name}' does not exist: the control plane has not answered for it")]
    private partial void LogDoesNotExist(string typeUrl, string name);

    [LoggerMessage(24, LogLevel.Information, "{TypeUrl} '{Name}': {Warning}")]
    private partial void LogIgnored(string typeUrl, string name, string warning);
}
