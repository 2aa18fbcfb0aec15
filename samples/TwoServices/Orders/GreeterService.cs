using Grpc.Core;
using TwoServices;

namespace Orders;

/// <summary>The gRPC side of the service: says who answers.</summary>
internal sealed class GreeterService(OrdersOptions options) : Greeter.GreeterBase
{
    public override Task<GreetReply> Greet(GreetRequest request, ServerCallContext context)
        => Task.FromResult(new GreetReply { Version = options.Version });
}
