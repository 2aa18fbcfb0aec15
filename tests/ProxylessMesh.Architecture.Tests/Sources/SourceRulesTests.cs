namespace ProxylessMesh.Architecture.Tests.Sources;

/// <summary>Each rule on sources is shown a text that breaks it and one that keeps it.</summary>
public class SourceRulesTests
{
    [Theory]
    [InlineData(SourceRules.MaxLines, 0)]
    [InlineData(SourceRules.MaxLines + 1, 1)]
    public void CheckLength_Lines_ReportsMoreThanTheMost(int lines, int expected)
    {
        var violations = SourceRules.CheckLength(string.Concat(Enumerable.Repeat("x\n", lines)));

        Assert.Equal(expected, violations.Count);
    }

    [Theory]
    [InlineData("internal sealed class PathHel" + "per", 1)]
    [InlineData("internal static class UriUt" + "ils", 1)]
    [InlineData("public record struct Com" + "monSettings", 1)]
    [InlineData("public interface IMeshMan" + "ager", 1)]
    [InlineData("internal sealed class PathMatcher // helps the manager", 0)]
    public void CheckTypeNames_Declaration_ReportsVagueOnes(string text, int expected)
    {
        var violations = SourceRules.CheckTypeNames(text);

        Assert.Equal(expected, violations.Count);
    }

    [Theory]
    [InlineData("throw new Not" + "ImplementedException();", 1)]
    [InlineData("// TO" + "DO: later", 1)]
    [InlineData("var todos = Method();", 0)]
    public void CheckUnfinished_Text_ReportsMarks(string text, int expected)
    {
        var violations = SourceRules.CheckUnfinished(text);

        Assert.Equal(expected, violations.Count);
    }

    [Theory]
    [InlineData("see /ro" + "ot/notes.md", 1)]
    [InlineData("cd /ho" + "me/somebody/src", 1)]
    [InlineData("https://example.com/root/notes.md", 0)]
    [InlineData("unix:///etc/istio/proxy/XDS", 0)]
    [InlineData("src/ProxylessMesh/Http", 0)]
    public void CheckOutsidePlaces_Text_ReportsPlacesOfAMachine(string text, int expected)
    {
        var violations = SourceRules.CheckOutsidePlaces(text);

        Assert.Equal(expected, violations.Count);
    }

    [Theory]
    [InlineData("src/A.B/File.cs", "namespace A.B;", 0)]
    [InlineData("src/A.B/C/D/File.cs", "namespace A.B.C.D;", 0)]
    [InlineData("src/A.B/C/File.cs", "namespace A.B;", 1)]
    [InlineData("src/A.B/File.cs", "namespace A.B.C;", 1)]
    [InlineData("src/A.B/DependencyInjection/File.cs", "namespace Microsoft.Extensions.Hosting;", 0)]
    [InlineData("src/A.B/DependencyInjection/File.cs", "namespace OpenTelemetry.Trace;", 0)]
    [InlineData("src/A.B/C/File.cs", "namespace Microsoft.Extensions.Hosting;", 1)]
    [InlineData("src/A.B/Program.cs", "Console.WriteLine();", 0)]
    public void CheckNamespace_Folder_ReportsAnother(string path, string text, int expected)
    {
        var violations = SourceRules.CheckNamespace(path, text, "src/A.B");

        Assert.Equal(expected, violations.Count);
    }
}
