using ProxylessMesh.ControlPlane.Yaml;
using ProxylessMesh.Interop.Tests.Samples;

namespace ProxylessMesh.Interop.Tests.Documents;

/// <summary>What the documents show works: their C# is compiled, their mesh files are read.</summary>
public sealed class SnippetTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(SampleProcess.SamplesDirectory, ".."));

    public static TheoryData<string> Documents =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md").Append(Path.Combine(Root, "README.md")).Select(file => Path.GetRelativePath(Root, file))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void CSharp_OfADocument_IsCompiled(string document)
    {
        var compiled = File.ReadLines(Path.Combine(Root, "tests/ProxylessMesh.Interop.Tests/Documents/Snippets.cs")).Select(line => line.Trim()).ToHashSet(StringComparer.Ordinal);

        var shown = Blocks(document, "csharp").SelectMany(block => block.Split('\n')).Select(line => line.Trim());

        Assert.All(shown, line => Assert.Contains(line, compiled));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void MeshYaml_OfADocument_IsValid(string document)
        => Assert.All(
            Blocks(document, "yaml").Where(block => block.Contains("kind: ", StringComparison.Ordinal) || block.Contains("rootNamespace: ", StringComparison.Ordinal)),
            block => Assert.Empty(MeshYamlReader.Read(document, block).Errors));

    [Fact]
    public void Documents_ShowBoth_SoThatTheseTestsHaveSomethingToRead()
    {
        Assert.NotEmpty(Blocks("README.md", "csharp"));
        Assert.NotEmpty(Blocks(Path.Combine("docs", "mesh-yaml.md"), "yaml"));
    }

    private static List<string> Blocks(string document, string language)
    {
        var blocks = new List<string>();
        List<string>? block = null;
        foreach (var line in File.ReadLines(Path.Combine(Root, document)))
        {
            if (block is null)
            {
                block = line == $"```{language}" ? [] : null;
            }
            else if (line == "```")
            {
                blocks.Add(string.Join('\n', block));
                block = null;
            }
            else
            {
                block.Add(line);
            }
        }

        return blocks;
    }
}
