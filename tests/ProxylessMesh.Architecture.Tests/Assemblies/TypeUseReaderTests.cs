namespace ProxylessMesh.Architecture.Tests.Assemblies;

/// <summary>A rule that cannot see is a rule that cannot fail: every way of naming a type must be seen.</summary>
public class TypeUseReaderTests
{
    [Theory]
    [MemberData(nameof(Specimens.Users), MemberType = typeof(Specimens))]
    public void Read_TypeNamedInAnyWay_SeesIt(string user)
    {
        var uses = TypeUseReader.Read(typeof(Specimens).Assembly);

        Assert.Contains(uses, use => use.User.Name == user && use.Used == Specimens.ForbiddenName);
    }

    [Fact]
    public void Read_TypeThatNamesNothingOfOurs_ReportsNothingOfOurs()
    {
        var uses = TypeUseReader.Read(typeof(Specimens).Assembly);

        Assert.DoesNotContain(uses, use => use.User.Name == nameof(TypeName) && use.Used.IsIn(Specimens.ForbiddenName.Namespace));
    }
}
