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
        Assert.All(projects, project => Assert.Contains($"\"{project}\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Package_HasADescriptionOfItsOwn()
    {
        var descriptions = RepositoryFiles.Below("src", ".csproj")
            .Select(project => (Project: project, Text: XDocument.Load(RepositoryFiles.PathOf(project)).Descendants("Description").SingleOrDefault()?.Value))
            .ToList();

        Assert.NotEmpty(descriptions);
        Assert.All(descriptions, description => Assert.False(string.IsNullOrWhiteSpace(description.Text), $"{description.Project} has no description."));
        Assert.Equal(descriptions.Count, descriptions.Select(description => description.Text).Distinct().Count());
    }
}
