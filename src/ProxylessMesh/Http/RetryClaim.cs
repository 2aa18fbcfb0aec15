using ProxylessMesh.Messages;

namespace ProxylessMesh.Http;

/// <summary>
/// The right to try one request again by its route's retry policy, which a request has once, however often it is sent: what a handler outside the
/// mesh sends again is that handler's retry, and the mesh adds none of its own to it. So the tries add up where they would multiply. It is
/// looked for when a try has failed, so that a request that goes well pays nothing.
/// </summary>
internal sealed class RetryClaim
{
    /// <summary>grpc-dotnet's own retries and hedges are new requests, which say so (gRFC A6).</summary>
    private const string PreviousAttempts = "grpc-previous-rpc-attempts";

    private static readonly HttpRequestOptionsKey<RetryClaim> Key = new("ProxylessMesh.RetryClaim");

    private int _isTaken;

    /// <summary>Gives a request its right before handlers that may send copies of it, which then share it.</summary>
    public static void Give(HttpRequestMessage request)
    {
        if (!request.Options.TryGetValue(Key, out _))
        {
            request.Options.Set(Key, new RetryClaim());
        }
    }

    /// <summary>Takes the right for one sending of a request, with all the retries that its route allows. Asked once, before the first of them.</summary>
    /// <param name="request">The caller's request.</param>
    /// <returns>Whether the mesh may try it again; otherwise somebody else does.</returns>
    public static bool TryTake(HttpRequestMessage request)
    {
        if (GrpcMessage.IsGrpc(request) && request.Headers.NonValidated.Contains(PreviousAttempts))
        {
            return false;
        }

        Give(request);
        return request.Options.TryGetValue(Key, out var claim) && Interlocked.Exchange(ref claim._isTaken, 1) == 0;
    }
}
