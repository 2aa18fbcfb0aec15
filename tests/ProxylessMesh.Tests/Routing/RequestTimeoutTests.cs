using ProxylessMesh.Configuration;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Tests.Routing;

public sealed class RequestTimeoutTests
{
    /// <summary>Each row: timeout, max_stream_duration, grpc_timeout_header_max and offset in milliseconds, the caller's grpc-timeout, and what comes of them.</summary>
    public static TheoryData<int?, int?, int?, int?, string?, int?, int?> Rows => new()
    {
        { null, null, null, null, null, 15_000, null },
        { 5_000, null, null, null, "1S", 5_000, null },
        { 0, null, null, null, null, null, null },
        { 5_000, 7_000, null, null, "1S", 7_000, null },
        { 5_000, 7_000, 2_000, null, "1S", 1_000, 1_000 },
        { 5_000, 7_000, 2_000, null, "3S", 2_000, 2_000 },
        { 5_000, 7_000, 0, null, "1M", 60_000, 60_000 },
        { 5_000, 7_000, 9_000, 500, "300m", 0, 0 },
        { 5_000, 7_000, 9_000, 500, "1000000u", 500, 500 },
        { 5_000, 7_000, 9_000, null, "2000000n", 2, 2 },
        { 5_000, 7_000, 9_000, null, "1H", 9_000, 9_000 },
        { 5_000, 7_000, 9_000, null, "x", 7_000, null },
        { 5_000, 7_000, 9_000, null, "123456789S", 7_000, null },
        { 5_000, 7_000, 9_000, null, null, 7_000, null },
        { 5_000, 0, 9_000, null, null, null, null },
    };

    /// <summary>A value of gRPC's has at most eight digits; 0 is what Envoy writes when an offset takes all.</summary>
    [Theory]
    [InlineData(2000, "2000m")]
    [InlineData(1.9, "1m")]
    [InlineData(0, "0m")]
    [InlineData(100_000_500, "100000S")]
    public void Format_Milliseconds_IsWrittenAsGrpcReadsIt(double milliseconds, string expected) => Assert.Equal(expected, RequestTimeout.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [MemberData(nameof(Rows))]
    public void Of_RouteAndCaller_TakesTheOneInEffect(int? timeout, int? stream, int? max, int? offset, string? grpcTimeout, int? expected, int? sent)
    {
        var config = new RouteTimeoutsConfig
        {
            Timeout = Milliseconds(timeout),
            HasMaxStreamDuration = stream is not null,
            MaxStreamDuration = Milliseconds(stream),
            GrpcTimeoutMax = Milliseconds(max),
            GrpcTimeoutOffset = Milliseconds(offset),
        };

        var result = RequestTimeout.Of(config, grpcTimeout);

        Assert.Equal((Milliseconds(expected), Milliseconds(sent)), (result.Timeout, result.GrpcTimeout));
    }

    private static TimeSpan? Milliseconds(int? value) => value is null ? null : TimeSpan.FromMilliseconds(value.Value);
}
