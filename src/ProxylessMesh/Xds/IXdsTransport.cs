using Envoy.Service.Discovery.V3;

namespace ProxylessMesh.Xds;

/// <summary>
/// A way to a control plane. Wherever configuration comes from, a server or a file beside the app, it reaches the mesh as
/// xDS through one of these.
/// </summary>
internal interface IXdsTransport : IAsyncDisposable
{
    /// <summary>The control plane in words, for errors and logs: a server URI, or a file.</summary>
    string ServerName { get; }

    /// <summary>
    /// The server feature <c>fail_on_data_errors</c> (gRFC A88): what the server deletes or gets wrong is dropped at once,
    /// instead of the last good version staying in use.
    /// </summary>
    bool FailsOnDataErrors => false;

    /// <summary>
    /// The server feature <c>resource_timer_is_transient_error</c> (gRFC A88): the server says what it does not have, so that its
    /// silence means that it is slow, and is given twice the time.
    /// </summary>
    bool IsResourceTimerTransient => false;

    /// <summary>
    /// The server feature <c>trusted_xds_server</c> (gRFC A81): the server may say under which name endpoints are asked
    /// (<c>auto_host_rewrite</c>). A file beside the app may.
    /// </summary>
    bool IsTrusted => true;

    /// <summary>
    /// Opens an aggregated discovery stream (state of the world). May return before the connection stands; a failure to
    /// connect then surfaces from the stream's first send or read.
    /// </summary>
    IXdsStream OpenStream(CancellationToken cancellationToken);
}

/// <summary>One aggregated discovery stream. One caller sends and one reads, at the same time if they like.</summary>
internal interface IXdsStream : IAsyncDisposable
{
    /// <summary>Completes once the request was handed to a connected transport, which is when resource timers may start (gRFC A57).</summary>
    /// <exception cref="XdsTransportException">The stream is broken.</exception>
    ValueTask SendAsync(DiscoveryRequest request, CancellationToken cancellationToken);

    /// <returns>The next response, or <see langword="null"/> when the server ended the stream.</returns>
    /// <exception cref="XdsTransportException">The stream is broken.</exception>
    ValueTask<DiscoveryResponse?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>A discovery stream could not be opened or broke. The message is fit for a caller of the mesh.</summary>
internal sealed class XdsTransportException(string message, Exception? innerException = null) : Exception(message, innerException);
