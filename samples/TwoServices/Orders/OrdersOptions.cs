namespace Orders;

/// <summary>The settings of one instance, from the configuration section <c>Orders</c>.</summary>
internal sealed class OrdersOptions
{
    /// <summary>The version it answers with.</summary>
    public string Version { get; set; } = "v1";

    /// <summary>The IP address to listen on.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The HTTP/1.1 port; 0 takes a free one.</summary>
    public int HttpPort { get; set; } = 8080;

    /// <summary>The gRPC port; 0 takes a free one.</summary>
    public int GrpcPort { get; set; } = 9090;
}
