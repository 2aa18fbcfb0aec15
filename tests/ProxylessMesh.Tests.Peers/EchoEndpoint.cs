using Grpc.Core;

namespace ProxylessMesh.Tests.Peers;

/// <summary>The gRPC side of a <see cref="Backend"/>.</summary>
internal sealed class EchoEndpoint(Backend backend) : EchoService.EchoServiceBase
{
    public override async Task<EchoReply> Unary(EchoRequest request, ServerCallContext context)
    {
        await ObeyAsync(request, context);
        ThrowIfAsked(request);
        return Reply(request.Message, 1, context);
    }

    public override async Task<EchoReply> ClientStream(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context)
    {
        var messages = new List<string>();
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await ObeyAsync(request, context);
            ThrowIfAsked(request);
            messages.Add(request.Message);
        }

        return Reply(string.Join(',', messages), messages.Count, context);
    }

    public override async Task ServerStream(EchoRequest request, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context)
    {
        for (var i = 0; i < request.Count; i++)
        {
            await ObeyAsync(request, context);
            await responseStream.WriteAsync(Reply(request.Message, 1, context), context.CancellationToken);
        }

        ThrowIfAsked(request);
    }

    public override async Task Bidi(
        IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context)
    {
        var received = 0;
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await ObeyAsync(request, context);
            ThrowIfAsked(request);
            await responseStream.WriteAsync(Reply(request.Message, ++received, context), context.CancellationToken);
        }
    }

    private static void ThrowIfAsked(EchoRequest request)
    {
        if (request.FailWith != 0)
        {
            throw new RpcException(new Status((StatusCode)request.FailWith, request.Message));
        }
    }

    private Task ObeyAsync(EchoRequest request, ServerCallContext context) =>
        request.WaitAtGate ? backend.Gate.PassAsync(context.CancellationToken) : Task.CompletedTask;

    private EchoReply Reply(string message, int received, ServerCallContext context) => new()
    {
        Backend = backend.Id,
        Authority = context.Host,
        Message = message,
        Received = received,
    };
}
