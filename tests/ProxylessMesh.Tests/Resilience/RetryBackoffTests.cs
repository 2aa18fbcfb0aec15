using ProxylessMesh.Configuration;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Tests.Resilience;

public sealed class RetryBackoffTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_000);

    private static readonly RetryPolicyConfig Policy = new() { BackoffBase = TimeSpan.FromMilliseconds(100), BackoffMax = TimeSpan.FromMilliseconds(1000) };

    /// <summary>Each row: the retry's number, what is drawn, and the milliseconds to wait.</summary>
    [Theory]
    [InlineData(1, 0.0, 0)]
    [InlineData(1, 1.0, 100)]
    [InlineData(1, 0.5, 50)]
    [InlineData(2, 1.0, 300)]
    [InlineData(3, 1.0, 700)]
    [InlineData(4, 1.0, 1000)]
    [InlineData(4, 0.5, 500)]
    [InlineData(int.MaxValue, 1.0, 1000)]
    public void Envoy_Retry_WaitsUpToTwoToTheNthLessOneTimesTheBase(int retry, double drawn, int expected)
        => Assert.Equal(expected, RetryBackoff.Envoy(Policy, retry, new Drawn(drawn)).TotalMilliseconds, 3);

    [Theory]
    [InlineData(1, 0.5, 100)]
    [InlineData(1, 0.0, 80)]
    [InlineData(1, 1.0, 120)]
    [InlineData(2, 0.5, 200)]
    [InlineData(4, 0.5, 800)]
    [InlineData(5, 0.5, 1000)]
    [InlineData(5, 1.0, 1200)]
    [InlineData(int.MaxValue, 0.5, 1000)]
    public void Grpc_Retry_WaitsTwiceAsLongEachTimeAFifthMoreOrLess(int retry, double drawn, int expected)
        => Assert.Equal(expected, RetryBackoff.Grpc(Policy, retry, new Drawn(drawn)).TotalMilliseconds, 3);

    /// <summary>Each row: a header, what is drawn, and the seconds to wait; <see langword="null"/> when nothing is asked for that is believed.</summary>
    [Theory]
    [InlineData("retry-after: 9", 0.0, 9.0)]
    [InlineData("retry-after: 9", 1.0, 13.5)]
    [InlineData("retry-after: 0", 1.0, 0.0)]
    [InlineData("retry-after: 60", 0.0, 60.0)]
    [InlineData("retry-after: 61", 0.0, null)]
    [InlineData("retry-after: -1", 0.0, null)]
    [InlineData("retry-after: soon", 0.0, null)]
    [InlineData("retry-after: 1.5", 0.0, null)]
    [InlineData("x-reset: 1005", 0.0, 5.0)]
    [InlineData("x-reset: 1000", 0.0, null)]
    [InlineData("x-reset: 999", 0.0, null)]
    [InlineData("x-reset: 1061", 0.0, null)]
    [InlineData("x-other: 9", 0.0, null)]
    public void AskedFor_ResetHeader_IsBelievedUpToTheMaximum(string header, double drawn, double? expected)
    {
        var config = new RateLimitedBackoffConfig([new ResetHeaderConfig("retry-after", false), new ResetHeaderConfig("x-reset", true)], TimeSpan.FromSeconds(60));
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation(header.Split(": ")[0], header.Split(": ")[1]);

        Assert.Equal(expected, RetryBackoff.AskedFor(config, response, Now, new Drawn(drawn))?.TotalSeconds);
    }

    /// <summary>Each row: percent, what there may always be, requests under way, and the retries there may be.</summary>
    [Theory]
    [InlineData(20.0, 3, 0, 3)]
    [InlineData(20.0, 3, 15, 3)]
    [InlineData(20.0, 3, 20, 4)]
    [InlineData(20.0, 0, 4, 0)]
    [InlineData(20.0, 0, 5, 1)]
    [InlineData(0.0, 0, 1000, 0)]
    [InlineData(100.0, 0, 7, 7)]
    public void Budget_RequestsUnderWay_IsAShareOfThem(double percent, int min, int active, int expected)
        => Assert.Equal((uint)expected, RetryBudget.Limit(new RetryLimitConfig { MaxRetries = 1, Budget = new RetryBudgetConfig(percent, (uint)min) }, active));

    [Fact]
    public void Budget_None_IsTheFixedNumberOrNoLimit()
    {
        Assert.Equal(3u, RetryBudget.Limit(RetryLimitConfig.EnvoyDefault, active: 1000));
        Assert.Equal(uint.MaxValue, RetryBudget.Limit(RetryLimitConfig.None, active: 0));
    }

    private sealed class Drawn(double value) : IRandomSource
    {
        public uint Next(uint exclusiveMax) => 0;

        public double NextDouble() => value;
    }
}
