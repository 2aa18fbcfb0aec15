using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Protos.Rpc;

namespace ProxylessMesh.Xds;

/// <summary>
/// What becomes of a resource with which something is wrong (gRFC A88): one that is in use stays so, unless its server wants
/// otherwise; where there is none the watchers are told why. Lives on the configuration loop.
/// </summary>
internal sealed partial class DataErrorPolicy<T>(string typeUrl, KnownResources<T> known, ILogger logger)
    where T : class
{
    private const int NotFound = 5;
    private const int PermissionDenied = 7;

    private readonly string _kind = ResourceTypes.NameOf(typeUrl);
    private readonly ILogger _logger = logger;

    /// <summary>It came and breaks a rule: see <see cref="ResourceState{T}.Rejection"/>.</summary>
    public void OnRejected(ResourceState<T> state, in ResourceAnswer answer)
    {
        var server = answer.Server;
        var reason = string.Join("; ", state.Rejection);
        var error = new ResourceError(ResourceErrorKind.Invalid, server.Describe($"{_kind} '{state.Name}' was rejected: {reason}"));
        Fail(state, MeshResourceState.Nacked, reason, server.FailOnDataErrors, error, answer);
    }

    /// <summary>A full state no longer holds it.</summary>
    public void OnDeleted(ResourceState<T> state, in ResourceAnswer answer)
    {
        const string Reason = "it was deleted";
        Fail(state, MeshResourceState.DoesNotExist, Reason, answer.Server.FailOnDataErrors, DoesNotExist(state.Name, answer.Server, Reason), answer);
    }

    /// <summary>It is watched, and the full state of all there is does not hold it. Not an error of anybody's: a route may name what does not exist.</summary>
    public void OnAbsent(ResourceState<T> state, in ResourceAnswer answer)
    {
        const string Reason = "it is not among those that the control plane has";
        if (state.NoteError(MeshResourceState.DoesNotExist, Reason, answer))
        {
            LogAbsent(typeUrl, state.Name);
            state.SetError(DoesNotExist(state.Name, answer.Server, Reason));
        }
    }

    /// <summary>The server says that it cannot give it (xRFC TP3).</summary>
    public void OnResourceError(ResourceState<T> state, Status status, in ResourceAnswer answer)
    {
        // Any other status than these two is transient: it says nothing about the resource, and never takes it away (gRFC A88).
        var name = state.Name;
        var server = answer.Server;
        var error = status.Code switch
        {
            NotFound => DoesNotExist(name, server, status.Message),
            PermissionDenied => new ResourceError(ResourceErrorKind.Invalid, server.Describe($"{_kind} '{name}' was refused: {status.Message}")),
            _ => new ResourceError(ResourceErrorKind.ControlPlaneUnreachable, server.Describe($"the control plane cannot give {_kind} '{name}' for now: {status.Message}")),
        };
        Fail(state, MeshResourceState.ReceivedError, status.Message, server.FailOnDataErrors && status.Code is NotFound or PermissionDenied, error, answer);
    }

    /// <summary>It was given for a while only, which is over. Not an error of the server's: it asked for this, and so nothing is kept.</summary>
    public void OnExpired(ResourceState<T> state, in ResourceAnswer answer)
    {
        const string Reason = "its time to live has run out";
        Fail(state, MeshResourceState.DoesNotExist, Reason, dropsCached: true, DoesNotExist(state.Name, answer.Server, Reason), answer);
    }

    /// <summary>The resource timer ran out for one that is awaited.</summary>
    public void OnTimeout(ResourceState<T> state, in ResourceAnswer answer)
    {
        var server = answer.Server;
        var silence = $"it has not answered for it in {server.ResourceTimeout.TotalSeconds:0} s";
        if (server.IsTimerTransient)
        {
            LogSlow(typeUrl, state.Name, server.ServerName, server.ResourceTimeout);
            state.NoteError(MeshResourceState.Timeout, silence, answer);
            state.SetError(new ResourceError(ResourceErrorKind.ControlPlaneUnreachable, server.Describe($"the control plane is too slow to give {_kind} '{state.Name}': {silence}")));
        }
        else
        {
            LogDoesNotExist(typeUrl, state.Name);
            state.NoteError(MeshResourceState.DoesNotExist, silence, answer);
            state.SetError(DoesNotExist(state.Name, server, silence));
        }
    }

    private void Fail(ResourceState<T> state, MeshResourceState status, string reason, bool dropsCached, ResourceError error, in ResourceAnswer answer)
    {
        var isKept = state.HasValue && !dropsCached;
        var isNews = state.NoteError(status, reason, answer);
        if (isNews)
        {
            LogError(typeUrl, state.Name, status, reason, isKept);
        }

        if (!isKept && (isNews || state.HasValue))
        {
            known.Forget(state);
            state.SetError(error);
            known.Remember(state);
        }
    }

    private ResourceError DoesNotExist(string name, ServerContext server, string reason)
        => new(ResourceErrorKind.DoesNotExist, server.Describe($"there is no {_kind} '{name}': {reason}"));

    [LoggerMessage(21, LogLevel.Warning, "{TypeUrl} '{Name}' is {State}: {Reason}. The last good version stays in use: {IsKept}")]
    private partial void LogError(string typeUrl, string name, MeshResourceState state, string reason, bool isKept);

    [LoggerMessage(23, LogLevel.Warning, "{TypeUrl} '{Name}' does not exist: the control plane has not answered for it")]
    private partial void LogDoesNotExist(string typeUrl, string name);

    [LoggerMessage(26, LogLevel.Information, "{TypeUrl} '{Name}' is asked for by routes, and the control plane does not have it")]
    private partial void LogAbsent(string typeUrl, string name);

    [LoggerMessage(25, LogLevel.Warning, "{TypeUrl} '{Name}': {Server} has not answered for it in {Timeout}; it goes on being waited for")]
    private partial void LogSlow(string typeUrl, string name, string server, TimeSpan timeout);
}
