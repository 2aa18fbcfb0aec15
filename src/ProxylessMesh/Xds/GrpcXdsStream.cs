using Envoy.Service.Discovery.V3;
using Grpc.Core;

namespace ProxylessMesh.Xds;

/// <summary>One aggregated discovery stream over gRPC. Cancelling a send or a read breaks the stream.</summary>
internal sealed class GrpcXdsStream : IXdsStream
{
    private readonly GrpcXdsErrors _errors;
    private readonly CancellationTokenSource _closing;
    private readonly CancellationToken _closed; // outlives its source
    private readonly AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> _call;

    /// <param name="client">Opens the call.</param>
    /// <param name="credentials">Prove who this process is; <see langword="null"/>: nothing does, beyond the connection.</param>
    /// <param name="errors">Puts failures into words.</param>
    /// <param name="transportClosed">Cancelled when the transport is disposed of.</param>
    /// <param name="cancellationToken">The caller's; it also closes the stream.</param>
    public GrpcXdsStream(
        AggregatedDiscoveryService.AggregatedDiscoveryServiceClient client,
        CallCredentials? credentials,
        GrpcXdsErrors errors,
        CancellationToken transportClosed,
        CancellationToken cancellationToken)
    {
        _errors = errors;
        _closing = CancellationTokenSource.CreateLinkedTokenSource(transportClosed, cancellationToken);
        _closed = _closing.Token;
        _call = client.StreamAggregatedResources(new CallOptions(cancellationToken: _closed, credentials: credentials));
    }

    public async ValueTask SendAsync(DiscoveryRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await _call.RequestStream.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (GrpcXdsErrors.IsBroken(e))
        {
            throw Describe(e, cancellationToken);
        }
    }

    public async ValueTask<DiscoveryResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false) ? _call.ResponseStream.Current : null;
        }
        catch (Exception e) when (GrpcXdsErrors.IsBroken(e))
        {
            throw Describe(e, cancellationToken);
        }
    }

    /// <summary>Cancels the call: whoever waits on the stream gets an error.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_closed.IsCancellationRequested)
        {
            await _closing.CancelAsync().ConfigureAwait(false);
        }

        _call.Dispose();
        _closing.Dispose();
    }

    private XdsTransportException Describe(Exception e, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _closed.IsCancellationRequested ? _errors.DescribeClosed(e) : _errors.Describe(e);
    }
}
