namespace ProxylessMesh.Architecture.Tests.Sources;

/// <summary>The files of this repository, without what builds and package managers leave in it.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] NotOurs = ["bin", "obj", "node_modules", "artifacts", "BenchmarkDotNet.Artifacts", "TestResults", ".git", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>The absolute path of a file or folder given from the root.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static bool Exists(string relative) => Path.Exists(PathOf(relative));

    public static string ReadText(string relative) => File.ReadAllText(PathOf(relative));

    /// <summary>Files below a folder, relative to the root, with forward slashes.</summary>
    /// <param name="folder">The folder from the root; empty for the root itself.</param>
    /// <param name="extensions">With their dot; none means all.</param>
    public static IReadOnlyList<string> Below(string folder, params string[] extensions)
    {
        var files = new List<string>();
        var folders = new Stack<string>([PathOf(folder)]);
        while (folders.TryPop(out var current))
        {
            foreach (var child in Directory.GetDirectories(current).Where(child => !NotOurs.Contains(Path.GetFileName(child))))
            {
                folders.Push(child);
            }

            files.AddRange(Directory.GetFiles(current).Where(file => extensions.Length == 0 || extensions.Contains(Path.GetExtension(file))));
        }

        return [.. files.Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    /// <summary>Every C# file that somebody wrote.</summary>
    public static IReadOnlyList<string> CSharp(params string[] folders) => [.. folders.SelectMany(folder => Below(folder, ".cs"))];

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ProxylessMesh.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No ProxylessMesh.sln above {AppContext.BaseDirectory}.");
    }
}
