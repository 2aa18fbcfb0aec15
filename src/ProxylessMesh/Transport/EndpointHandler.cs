using System.Net;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Transport;

/// <summary>
/// Holds SocketsHttpHandler back where it would send a request again that must not be. It does so by itself after REFUSED_STREAM, after
/// a GOAWAY that excludes the request, and when a reused HTTP/1.1 connection closes without a word; it looks neither at whether the
/// content can be read twice nor, if there is none, at the method. Other requests pass through.
/// </summary>
/// <param name="address">The endpoint, for messages.</param>
/// <param name="connections">Its connections; disposed with this handler.</param>
internal sealed class EndpointHandler(EndpointAddress address, HttpMessageHandler connections) : DelegatingHandler(connections)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } content)
        {
            return OneTimeContent.IsNeeded(content) ? SendOnceAsync(request, content, cancellationToken) : base.SendAsync(request, cancellationToken);
        }

        return MayBeHttp1(request) && !IsIdempotent(request.Method)
            ? SendWithContentAsync(request, cancellationToken)
            : base.SendAsync(request, cancellationToken);
    }

    /// <summary>"Or lower" is HTTP/1.1 in plaintext, where nothing is negotiated.</summary>
    private static bool MayBeHttp1(HttpRequestMessage request)
        => request.Version.Major < HttpVersion.Version20.Major || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrLower;

    /// <summary>RFC 9110, section 9.2.2; a method that is not known is not.</summary>
    private static bool IsIdempotent(HttpMethod method)
        => method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Put || method == HttpMethod.Delete
            || method == HttpMethod.Options || method == HttpMethod.Trace || method == HttpMethod.Connect;

    private static void SetContent(HttpRequestMessage request, HttpContent? content)
    {
        try
        {
            request.Content = content;
        }
        catch (ObjectDisposedException)
        {
            // The caller, who gave up, has disposed of the request: nobody will look at its content.
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, HttpContent content, CancellationToken cancellationToken)
    {
        var once = new OneTimeContent(content); // not disposed: the content is the caller's
        request.Content = once;
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestSpentException exception)
        {
            throw Spent(exception);
        }
        catch (HttpRequestException exception) when (once.HasBegun && EndpointRefusal.IsRefusal(exception))
        {
            throw Spent(exception.InnerException is RequestSpentException ? exception.InnerException : exception);
        }
        finally
        {
            SetContent(request, content);
        }
    }

    /// <summary>An empty content is on the wire what none is, but a request with one is not sent again.</summary>
    private async Task<HttpResponseMessage> SendWithContentAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Content = new ByteArrayContent([]);
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            SetContent(request, null);
        }
    }

    private HttpRequestException Spent(Exception cause)
    {
        var message = $"endpoint {address} refused the request, and its content was on its way already and cannot be sent again";
        return new HttpRequestException(HttpRequestError.ConnectionError, message, new RequestSpentException(message, cause));
    }
}
