using System.Xml.Linq;

namespace ProxylessMesh.Architecture.Tests.Sources;

/// <summary>Every project is built by the solution, and every package says what it is.</summary>
public class ProjectTests
{
    [Fact]
    public void Project_IsInTheSolution()
    {
        var solution = RepositoryFiles.ReadText("ProxylessMesh.sln").Replace('\\', '/');
        var projects = RepositoryFiles.Below("", ".csproj");

        Assert.NotEmpty(projects);
        Assert.Empty(projects.Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Package_HasADescriptionOfItsOwn()
    {
        var descriptions = RepositoryFiles.Below("src", ".csproj")
            .Select(project => (Project: project, Text: XDocument.Load(RepositoryFiles.PathOf(project)).Descendants("Description").SingleOrDefault()?.Value))
            .ToList();

        Assert.NotEmpty(descriptions);
        Assert.Empty(descriptions.Where(description => string.IsNullOrWhiteSpace(description.Text)).Select(description => description.Project));
        Assert.Equal(descriptions.Count, descriptions.Select(description => description.Text).Distinct().Count());
    }
}
