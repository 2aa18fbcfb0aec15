using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;

namespace ProxylessMesh.Tests.Filters;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _clock = new();

    /// <summary>Each row: the bucket, how long it is left alone once it is empty, and how many tokens there are then.</summary>
    [Theory]
    [InlineData(3, 3, 1000, 333, 0)]
    [InlineData(3, 3, 1000, 334, 1)]
    [InlineData(3, 3, 1000, 999, 2)]
    [InlineData(3, 3, 1000, 1000, 3)]
    [InlineData(3, 3, 1000, 60_000, 3)]
    [InlineData(10, 1, 50, 49, 0)]
    [InlineData(10, 1, 50, 50, 1)]
    [InlineData(10, 1, 50, 499, 9)]
    [InlineData(10, 7, 1000, 1000, 7)]
    [InlineData(2, 5, 1000, 200, 1)]
    [InlineData(2, 5, 1000, 1000, 2)]
    [InlineData(uint.MaxValue, 1_000_003, 1000, 1, 1000)]
    public void Remaining_AfterItWasEmptied_DripsEvenly(uint max, uint perFill, int intervalMs, int idleMs, uint expected)
    {
        var bucket = Empty(max, perFill, intervalMs);

        _clock.Advance(TimeSpan.FromMilliseconds(idleMs));

        Assert.Equal(expected, bucket.Remaining);
    }

    [Fact]
    public void TryTake_FullBucket_GivesAsManyAsItHolds()
    {
        var bucket = new TokenBucket(new TokenBucketConfig(3, 1, TimeSpan.FromHours(1)), _clock);

        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => bucket.TryTake()));
    }

    [Fact]
    public void TryTake_MoreThanThereAre_TakesNone()
    {
        var bucket = new TokenBucket(new TokenBucketConfig(3, 1, TimeSpan.FromHours(1)), _clock);

        Assert.False(bucket.TryTake(4));
        Assert.True(bucket.TryTake(3));
        Assert.False(bucket.TryTake(ulong.MaxValue));
    }

    [Theory]
    [InlineData(0, 500)]
    [InlineData(100, 400)]
    [InlineData(499, 1)]
    [InlineData(500, 0)]
    public void UntilNext_BucketThatFills_IsWhatIsLeft(int idleMs, int expectedMs)
    {
        var bucket = Empty(4, 2, 1000);

        _clock.Advance(TimeSpan.FromMilliseconds(idleMs));

        Assert.Equal(TimeSpan.FromMilliseconds(expectedMs), bucket.UntilNext);
    }

    /// <summary>However long a bucket lives, it keeps to its rate.</summary>
    [Fact]
    public void TryTake_OverYears_KeepsTheRate()
    {
        var bucket = Empty(1000, 1000, 1000);

        _clock.Advance(TimeSpan.FromDays(3650));

        Assert.Equal(1000u, bucket.Remaining);
        Assert.True(bucket.TryTake(1000));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1u, bucket.Remaining);
    }

    [Fact]
    public async Task TryTake_ManyAtOnce_GivesNoneTwice()
    {
        var bucket = new TokenBucket(new TokenBucketConfig(1000, 1, TimeSpan.FromHours(1)), _clock);

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 1000).Count(_ => bucket.TryTake()))));

        Assert.Equal(1000, taken.Sum());
    }

    private TokenBucket Empty(uint max, uint perFill, int intervalMs)
    {
        var bucket = new TokenBucket(new TokenBucketConfig(max, perFill, TimeSpan.FromMilliseconds(intervalMs)), _clock);
        Assert.True(bucket.TryTake(max));
        return bucket;
    }
}
