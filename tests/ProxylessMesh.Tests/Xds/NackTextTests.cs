using System.Text;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public sealed class NackTextTests
{
    [Fact]
    public void Of_FewErrors_HoldsEachOnALine()
        => Assert.Equal("a\nb", NackText.Of(["a", "b"]));

    [Fact]
    public void Of_NoErrors_IsEmpty()
        => Assert.Equal("", NackText.Of([]));

    [Fact]
    public void Of_ManyErrors_IsCutBetweenTwoAndSaysHowManyAreLeft()
    {
        var errors = Enumerable.Range(0, 10_000).Select(static i => $"cluster 'c{i}': name: must not be empty").ToArray();

        var text = NackText.Of(errors);

        var lines = text.Split('\n');
        Assert.Equal(errors[..(lines.Length - 1)], lines[..^1]);
        Assert.Equal($"and {errors.Length - lines.Length + 1} more errors", lines[^1]);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), NackText.MaxCharacters - 100, NackText.MaxCharacters + 100);
    }

    [Fact]
    public void Of_FirstErrorTooLong_SaysHowManyThereAre()
        => Assert.Equal("and 1 more errors", NackText.Of([new string('a', NackText.MaxCharacters)]));
}
