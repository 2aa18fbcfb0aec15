using Microsoft.Extensions.Primitives;

namespace ProxylessMesh.Messages;

/// <summary>
/// The headers of an outgoing request as mutations change them, <c>:authority</c> and <c>:path</c> included. What frames a
/// message (<c>content-length</c>, <c>transfer-encoding</c>) is its connection's and stays. Not thread-safe.
/// </summary>
/// <param name="request">The request; a copy of the caller's where anything is changed.</param>
/// <param name="host">Its authority where it says none itself.</param>
internal sealed class RequestHeaderMap(HttpRequestMessage request, string host) : IHeaderMap
{
    public StringValues GetHeader(string name) => new RequestHeaders(request, request.Headers.Host ?? host).GetHeader(name);

    public void Add(string name, string value)
    {
        if (MessageHeaders.IsFraming(name) || request.Headers.TryAddWithoutValidation(name, value))
        {
            return;
        }

        // A header of the body, which only a request with a body has.
        OwnContent()?.Headers.TryAddWithoutValidation(name, value);
    }

    public void Set(string name, string value)
    {
        switch (name)
        {
            case ":authority":
                request.Headers.Host = value;
                break;
            case ":path":
                SetPath(value);
                break;
            default:
                Remove(name);
                Add(name, value);
                break;
        }
    }

    public void Remove(string name)
    {
        if (MessageHeaders.IsFraming(name))
        {
            return;
        }

        if (MessageHeaders.Contains(request.Headers, name))
        {
            request.Headers.Remove(name);
        }
        else if (MessageHeaders.Contains(request.Content?.Headers, name))
        {
            OwnContent()?.Headers.Remove(name);
        }
    }

    private void SetPath(string path) => request.RequestUri = OutgoingRequest.WithPath(request.RequestUri!, path); // a request without a URI does not enter the mesh

    /// <summary>The body belongs to the caller, headers and all: those of a wrapper round it may change.</summary>
    private ForwardedContent? OwnContent()
    {
        if (request.Content is null or ForwardedContent)
        {
            return request.Content as ForwardedContent;
        }

        var content = new ForwardedContent(request.Content);
        request.Content = content;
        return content;
    }
}
