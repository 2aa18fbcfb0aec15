using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Http;

/// <summary>One request that goes elsewhere as well, or might have.</summary>
internal sealed class MirroredRequest
{
    /// <summary>For a request whose draws all said no.</summary>
    public static readonly MirroredRequest Nowhere = new();

    private readonly RequestMirrors? _mirrors;
    private readonly List<MirrorPolicyConfig> _policies;
    private readonly ReplayBody? _body;
    private readonly MirrorTime _time;

    /// <summary>What the request itself sends, where its body is read for its copies too.</summary>
    private readonly HttpContent? _shared;

    /// <summary>One for each policy, from before the request begins to send, so that none of the body is missed.</summary>
    private readonly ReplayContent?[] _copies;
    private int _isStarted;

    /// <param name="mirrors">Sends the copies.</param>
    /// <param name="policies">Where to.</param>
    /// <param name="body">The body, if there is one.</param>
    /// <param name="time">How long copies may take.</param>
    public MirroredRequest(RequestMirrors mirrors, List<MirrorPolicyConfig> policies, ReplayBody? body, MirrorTime time)
    {
        _mirrors = mirrors;
        _policies = policies;
        _body = body;
        _time = time;
        _copies = new ReplayContent?[policies.Count];
        for (var i = 0; i < _copies.Length; i++)
        {
            _copies[i] = body?.OpenLossy();
        }

        _shared = body?.Open() as ReplayContent;
    }

    private MirroredRequest()
    {
        _policies = [];
        _copies = [];
    }

    /// <summary>Whether the request's body is read for its copies too.</summary>
    public bool IsShared => _shared is not null;

    /// <summary>The request with a body that its copies can have too: itself where that is so.</summary>
    public HttpRequestMessage Share(HttpRequestMessage message)
    {
        if (_shared is null)
        {
            return message;
        }

        var copy = OutgoingRequest.Copy(message);
        copy.Content = _shared;
        return copy;
    }

    /// <summary>Sends the copies, once.</summary>
    /// <param name="outgoing">The request as its route has changed it.</param>
    /// <param name="host">Its authority where it says none itself.</param>
    /// <param name="hop">What the next hop is told.</param>
    public void Start(HttpRequestMessage outgoing, string host, in HopHeaders hop)
    {
        if (_mirrors is null || Interlocked.Exchange(ref _isStarted, 1) != 0)
        {
            return;
        }

        var ownHost = outgoing.Headers.Host ?? host;
        for (var i = 0; i < _copies.Length; i++)
        {
            var policy = _policies[i];
            var cluster = policy.ClusterHeader is null
                ? policy.ClusterName
                : new RequestHeaders(outgoing, ownHost).GetHeader(policy.ClusterHeader) is [{ } value, ..] ? value.Trim(' ', '\t') : "";
            var copy = new MirrorCopy(cluster, isNamedByRequest: policy.ClusterHeader is not null, policy.IsTraced, _copies[i], _time);
            copy.Message = MessageFor(policy, outgoing, ownHost, in hop, copy);
            _mirrors.Send(copy);
        }
    }

    /// <summary>Follows the request to its response, or to its failure: then no further try of it begins, and what its caller still has is for the one that was answered.</summary>
    public async Task<HttpResponseMessage> EndAsync(Task<HttpResponseMessage> sending, HttpRequestMessage original)
    {
        try
        {
            var response = await sending.ConfigureAwait(false);
            response.RequestMessage = original;
            return response;
        }
        finally
        {
            _body?.End();
        }
    }

    private static HttpRequestMessage MessageFor(MirrorPolicyConfig policy, HttpRequestMessage outgoing, string host, in HopHeaders hop, MirrorCopy copy)
    {
        var message = OutgoingRequest.Copy(outgoing);
        if (copy.Body is { } body)
        {
            message.Content = new ForwardedContent(body, copy);
        }
        else if (message.Content is { } content)
        {
            message.Content = new ForwardedContent(content, copy);
        }

        hop.AddTo(message, isCopy: true);
        message.Headers.Host = policy.HostRewrite ?? (policy.AppendsShadowSuffix ? WithSuffix(host) : host);
        return message;
    }

    /// <summary>Before the port, if there is one.</summary>
    internal static string WithSuffix(string host)
    {
        const string Suffix = "-shadow";
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? $"{host.AsSpan(0, colon)}{Suffix}{host.AsSpan(colon)}" : host + Suffix;
    }
}
