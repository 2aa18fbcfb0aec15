using System.Text.RegularExpressions;

namespace ProxylessMesh.Architecture.Tests.Sources;

/// <summary>Rules on the text of one file; each returns what breaks it, or an empty list.</summary>
internal static partial class SourceRules
{
    public const int MaxLines = 400;

    /// <param name="text">The file's text.</param>
    public static IReadOnlyList<string> CheckLength(string text)
    {
        var lines = text.Split('\n').Length - 1;
        return lines > MaxLines ? [$"has {lines} lines; at most {MaxLines}"] : [];
    }

    public static IReadOnlyList<string> CheckTypeNames(string text)
        => [.. VagueTypeName().Matches(text).Select(match => $"'{match.Groups["name"].Value}' says nothing; name the type after what it does")];

    public static IReadOnlyList<string> CheckUnfinished(string text)
        => [.. Unfinished().Matches(text).Select(match => $"holds '{match.Value}'")];

    public static IReadOnlyList<string> CheckOutsidePlaces(string text)
        => [.. OutsidePlace().Matches(text).Select(match => $"names '{match.Value}', which is no place of this repository")];

    /// <param name="path">From the root, such as <c>src/ProxylessMesh/Http/MeshHosts.cs</c>.</param>
    /// <param name="text">The file's text.</param>
    /// <param name="projectFolder">The folder of its project, from the root.</param>
    public static IReadOnlyList<string> CheckNamespace(string path, string text, string projectFolder)
    {
        var declared = NamespaceDeclaration().Match(text);
        if (!declared.Success)
        {
            return []; // the statements of a program, or attributes of the assembly
        }

        var project = Path.GetFileName(projectFolder);
        var folder = Path.GetDirectoryName(path)![projectFolder.Length..].Replace('/', '.'); // a file has a folder
        var actual = declared.Groups["name"].Value;
        var isExtension = folder == ".DependencyInjection"
            && (actual.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || actual.StartsWith("OpenTelemetry.", StringComparison.Ordinal));
        return actual == project + folder || isExtension ? [] : [$"has namespace {actual}; its folder says {project + folder}"];
    }

    [GeneratedRegex(@"\b(?:class|record(?:\s+(?:struct|class))?|struct|interface|enum)\s+(?<name>\w*(?:Util|Helper|Common|Manager)\w*)")]
    private static partial Regex VagueTypeName();

    [GeneratedRegex(@"\b(?:TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex Unfinished();

    // Somebody's home or scratch directory: whoever clones the repository does not have it.
    [GeneratedRegex(@"(?<![\w.*}~-])/(?:root|home/\w+|tmp/\w+)/[\w.-]*")]
    private static partial Regex OutsidePlace();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();
}
