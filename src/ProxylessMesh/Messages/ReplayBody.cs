using System.Net.Http.Json;

namespace ProxylessMesh.Messages;

/// <summary>The body of a request that may be sent more than once: tries after the first, hedged ones, mirrors.</summary>
/// <param name="content">The caller's body; stays the caller's.</param>
internal sealed class ReplayBody(HttpContent content)
{
    private bool _isCommitted;

    /// <summary>Whether another try can send the whole of it.</summary>
    public bool CanReplay => !_isCommitted && IsRepeatable(content);

    /// <summary>Whether a body gives the same bytes whenever it is sent, by itself.</summary>
    public static bool IsRepeatable(HttpContent content) => content is ByteArrayContent or ReadOnlyMemoryContent or JsonContent || IsGrpcMessage(content.GetType());

    /// <summary>The one message of a unary or server-streaming call of grpc-dotnet, whose class is not public.</summary>
    private static bool IsGrpcMessage(Type type) => type.Name == "PushUnaryContent`2" && type.Namespace == "Grpc.Net.Client.Internal";

    /// <summary>The body for one try: what was sent before, and then what follows.</summary>
    public HttpContent Open() => content;

    /// <summary>There will be no more tries: nothing is kept any longer.</summary>
    public void Commit() => _isCommitted = true;
}
