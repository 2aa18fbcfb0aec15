using System.Text.RegularExpressions;
using ProxylessMesh.Architecture.Tests.Dependencies;

namespace ProxylessMesh.Architecture.Tests.Sources;

/// <summary>The rules on sources, held against every file of the repository.</summary>
public partial class SourceTests
{
    private static readonly string[] CodeFolders = ["src", "tests", "samples", "benchmarks"];
    private static readonly string[] TextExtensions =
        ["", ".cs", ".csproj", ".props", ".targets", ".sln", ".md", ".proto", ".json", ".yaml", ".yml", ".txt", ".svg", ".xml", ".mjs", ".js", ".sh"];

    [Fact]
    public void CSharpFile_HasAtMostTheAllowedLines()
        => AssertEach(RepositoryFiles.CSharp(CodeFolders), (_, text) => SourceRules.CheckLength(text));

    [Fact]
    public void TypeName_SaysWhatTheTypeDoes()
        => AssertEach(RepositoryFiles.CSharp(CodeFolders), (_, text) => SourceRules.CheckTypeNames(text));

    [Fact]
    public void Product_HoldsNothingUnfinished()
        => AssertEach(RepositoryFiles.Below("src", ".cs", ".proto", ".csproj", ".props"), (_, text) => SourceRules.CheckUnfinished(text));

    [Fact]
    public void Text_NamesNoPlaceOutsideTheRepository()
        => AssertEach(RepositoryFiles.Below("", TextExtensions), (_, text) => SourceRules.CheckOutsidePlaces(text));

    [Fact]
    public void Namespace_IsTheFolder()
    {
        var projects = CodeFolders.SelectMany(folder => RepositoryFiles.Below(folder, ".csproj")).Select(project => Path.GetDirectoryName(project)!).ToList(); // a file has a folder

        AssertEach(
            RepositoryFiles.CSharp(CodeFolders).Where(file => projects.Exists(project => IsBelow(file, project))),
            (file, text) => SourceRules.CheckNamespace(file, text, projects.First(project => IsBelow(file, project))));
    }

    // A constant or a nameof leaves no trace in an assembly, but its using directive stands in the source: unused ones do not build.
    [Fact]
    public void UsingDirective_NamesOnlyWhatStandsBelow()
    {
        foreach (var layer in Layers.All.Where(layer => RepositoryFiles.Exists($"src/ProxylessMesh/{layer.Name}")))
        {
            AssertEach(RepositoryFiles.Below($"src/ProxylessMesh/{layer.Name}", ".cs"), (_, text) => CheckUsings(layer, text));
        }
    }

    [Theory]
    [InlineData("Clusters", "using ProxylessMesh.Http;", 1)]
    [InlineData("Clusters", "using ProxylessMesh.Xds.Resources;", 1)]
    [InlineData("Clusters", "set {nameof(MeshOptions)}", 1)]
    [InlineData("Clusters", "using ProxylessMesh.Transport;", 0)]
    [InlineData("Clusters", "using System.Net;", 0)]
    [InlineData("Xds", "using ProxylessMesh.Xds.Resources;", 0)]
    public void CheckUsings_Text_ReportsWhatStandsAbove(string layer, string text, int expected)
    {
        var violations = CheckUsings(Layers.All.Single(candidate => candidate.Name == layer), text);

        Assert.Equal(expected, violations.Count);
    }

    private static List<string> CheckUsings(Layer layer, string text)
    {
        var violations = new List<string>();
        foreach (Match match in UsingOfOurs().Matches(text))
        {
            var used = match.Groups["layer"].Value;
            var isOwn = used == layer.Name || (used == "Protos" && layer.Name == "Xds");
            if (!isOwn && !layer.MayName.Contains(used))
            {
                violations.Add($"{layer.Name} must not name {used}");
            }
        }

        foreach (Match match in NameOf().Matches(text))
        {
            if (Layers.CompositionRoot.Contains(match.Groups["type"].Value))
            {
                violations.Add($"{layer.Name} must not name {match.Groups["type"].Value}");
            }
        }

        return violations;
    }

    private static bool IsBelow(string file, string folder) => file.StartsWith(folder + "/", StringComparison.Ordinal);

    private static void AssertEach(IEnumerable<string> files, Func<string, string, IReadOnlyList<string>> check)
    {
        var checkedFiles = 0;
        var violations = new List<string>();
        foreach (var file in files)
        {
            checkedFiles++;
            violations.AddRange(check(file, RepositoryFiles.ReadText(file)).Select(violation => $"{file}: {violation}"));
        }

        Assert.NotEqual(0, checkedFiles);
        Assert.Empty(violations);
    }

    [GeneratedRegex(@"^using (?:static |\w+ = )?(?:global::)?ProxylessMesh\.(?<layer>\w+)", RegexOptions.Multiline)]
    private static partial Regex UsingOfOurs();

    [GeneratedRegex(@"nameof\((?<type>\w+)")]
    private static partial Regex NameOf();
}
