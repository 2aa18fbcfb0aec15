using System.Text.RegularExpressions;

namespace ProxylessMesh.Architecture.Tests.Sources;

/// <summary>A path that a document names exists: prose that nobody checks describes a house that is no longer there.</summary>
public partial class DocumentTests
{
    /// <summary>Files that the reader has, not we.</summary>
    private static readonly string[] Readers = ["mesh.yaml", "appsettings.json", "bootstrap.json", "Program.cs"];

    /// <summary>What has a slash and is no path: media types, and the API groups and labels of Kubernetes.</summary>
    private static readonly string[] NotPaths =
    [
        "application/", "discovery.k8s.io/", "gateway.networking.k8s.io/", "kubernetes.io/", "networking.istio.io/", "topology.istio.io/",
        "topology.kubernetes.io/",
    ];

    /// <summary>Where a path in a document may start besides the root and the document's own folder.</summary>
    private static readonly string[] ShortForms = ["src/ProxylessMesh", "src/ProxylessMesh.ControlPlane"];

    private static readonly string[] Extensions = [".cs", ".csproj", ".json", ".md", ".props", ".proto", ".sln", ".svg", ".txt", ".yaml"];

    public static TheoryData<string> Documents => new(RepositoryFiles.Below("", ".md").Where(IsProse));

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_NamesPathsThatExist(string document)
    {
        var missing = FindPaths(RepositoryFiles.ReadText(document)).Where(path => !Exists(path, document));

        Assert.Empty(missing);
    }

    [Fact]
    public void Documents_NamePaths()
    {
        Assert.NotEmpty(FindPaths(RepositoryFiles.ReadText("README.md")));
        Assert.NotEmpty(FindPaths(RepositoryFiles.ReadText("docs/architecture.md")));
    }

    [Theory]
    [InlineData("see `src/ProxylessMesh/Nowhere.cs`", "src/ProxylessMesh/Nowhere.cs")]
    [InlineData("see `Http/Nowhere`", "Http/Nowhere")]
    [InlineData("see `Nowhere.md`", "Nowhere.md")]
    [InlineData("[here](docs/nowhere.md#part)", "docs/nowhere.md")]
    [InlineData("![drawing](docs/nowhere.svg)", "docs/nowhere.svg")]
    [InlineData("    dotnet run --project samples/Nowhere\n", "samples/Nowhere")]
    [InlineData("`dotnet run --project samples/Nowhere`", "samples/Nowhere")]
    public void FindPaths_TextWithAPath_FindsIt(string text, string expected)
    {
        var paths = FindPaths(text);

        Assert.Equal([expected], paths);
        Assert.False(Exists(expected, "README.md"));
    }

    [Theory]
    [InlineData("`http://orders`, `xds:///orders` and `application/grpc`")]
    [InlineData("`mesh.yaml` beside `appsettings.json`")]
    [InlineData("[gRFC A27](https://github.com/grpc/proposal/blob/master/A27.md)")]
    [InlineData("a `.proto` of `networking.istio.io/v1`")]
    [InlineData("`/etc/istio/proxy`, `envoy.config.route.v3`, `*.svc.cluster.local`")]
    public void FindPaths_TextWithoutAPath_FindsNothing(string text)
    {
        var paths = FindPaths(text);

        Assert.Empty(paths);
    }

    private static List<string> FindPaths(string text)
    {
        var found = new List<string>();
        found.AddRange(Code().Matches(text).Select(match => match.Groups["path"].Value).Where(IsPath));
        found.AddRange(Link().Matches(text).Select(match => match.Groups["path"].Value));
        found.AddRange(ProjectArgument().Matches(text).Select(match => match.Groups["path"].Value));
        return [.. found.Select(path => path.TrimEnd('/')).Distinct()];
    }

    private static bool IsPath(string code)
        => !Readers.Contains(code)
            && !Extensions.Contains(code)
            && !NotPaths.Any(start => code.StartsWith(start, StringComparison.Ordinal))
            && (code.Contains('/', StringComparison.Ordinal) || Extensions.Contains(Path.GetExtension(code)));

    private static bool Exists(string path, string document)
        => ShortForms.Append("").Append(Path.GetDirectoryName(document)!) // a file has a folder
            .Select(start => Path.Combine(start, path))
            .Any(candidate => RepositoryFiles.Exists(candidate) || RepositoryFiles.Exists(candidate + ".cs"));

    private static bool IsProse(string document) => !document.StartsWith("tests/data/", StringComparison.Ordinal);

    [GeneratedRegex(@"`(?<path>\.?[A-Za-z][\w.-]*(?:/[\w.-]+)*/?)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?<path>[\w.][\w./-]*)(?:#[\w-]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"--project (?<path>[\w./-]+)")]
    private static partial Regex ProjectArgument();
}
