using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Tests.LoadBalancing;

public class WeightedChoiceTests
{
    [Theory] // 10, 0, 60, 30: where each range begins and ends
    [InlineData(0, 'a')]
    [InlineData(9, 'a')]
    [InlineData(10, 'c')]
    [InlineData(69, 'c')]
    [InlineData(70, 'd')]
    [InlineData(99, 'd')]
    public void Draw_Number_FallsIntoTheRangeOfItsItem(uint number, char expected)
    {
        var choice = new WeightedChoice<char>(['a', 'b', 'c', 'd'], [10, 0, 60, 30]);

        Assert.Equal(expected, choice.Draw(new Fixed(100, number)));
    }

    [Theory] // a total of 3 x (2^32 - 1) is halved twice
    [InlineData(0U, 'a')]
    [InlineData(0x3FFF_FFFEU, 'a')]
    [InlineData(0x3FFF_FFFFU, 'b')]
    [InlineData(0xBFFF_FFFEU, 'c')]
    public void Draw_TotalAbove32Bits_KeepsTheProportion(uint number, char expected)
    {
        var choice = new WeightedChoice<char>(['a', 'b', 'c'], [uint.MaxValue, uint.MaxValue, uint.MaxValue]);

        Assert.Equal(expected, choice.Draw(new Fixed(0xBFFF_FFFF, number)));
    }

    private sealed class Fixed(uint expectedMax, uint number) : IRandomSource
    {
        public uint Next(uint exclusiveMax)
        {
            Assert.Equal(expectedMax, exclusiveMax);
            return number;
        }

        public double NextDouble() => throw new InvalidOperationException("A draw is a whole number.");
    }
}
