using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Messages;

/// <summary>The headers of an outgoing request, pseudo-headers included, as matchers see them.</summary>
/// <param name="request">The request.</param>
/// <param name="host">What it will send as Host or <c>:authority</c>.</param>
/// <param name="path">Its path and query where they are other than its URI's, as when they were normalized.</param>
/// <param name="isGrpcDialect">Whether matchers see what gRPC's see of a call: several values as one, and nothing of what the call's transport adds.</param>
internal readonly struct RequestHeaders(HttpRequestMessage request, string host, string? path = null, bool isGrpcDialect = false) : IRequestHeaders
{
    /// <summary>An empty value as gRPC has it: empty to those who look at it, absent to those who ask for its presence.</summary>
    private static readonly StringValues EmptyGrpcValue = new([null]);

    /// <summary>Looked at only by those who look at headers: most routes do not.</summary>
    private bool IsGrpcView => isGrpcDialect && request.Content is not null && GrpcMessage.IsGrpc(request);

    public StringValues GetHeader(string name) => name switch
    {
        ":method" => request.Method.Method,
        ":path" => path ?? request.RequestUri!.PathAndQuery, // a request without a URI does not enter the mesh
        ":authority" or "host" => host,
        ":scheme" => request.RequestUri!.Scheme,
        "grpc-timeout" or "te" or "user-agent" when IsGrpcView => StringValues.Empty,
        _ => Find(request.Headers.NonValidated, name, out var values) || (request.Content is { } content && Find(content.Headers.NonValidated, name, out values))
            ? IsGrpcView ? AsGrpc(values) : values
            : StringValues.Empty,
    };

    private static StringValues AsGrpc(StringValues values) => values switch
    {
        [""] => EmptyGrpcValue,
        { Count: > 1 } => string.Join(',', values.ToArray()),
        _ => values,
    };

    private static bool Find(HttpHeadersNonValidated headers, string name, out StringValues values)
    {
        if (!headers.TryGetValues(name, out var found))
        {
            values = default;
            return false;
        }

        values = found.Count == 1 ? new StringValues(found.ToString()) : new StringValues([.. found]);
        return true;
    }
}
