namespace ProxylessMesh.Tests.Peers;

/// <summary>A directory of its own for one test.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-");

    public string File(string name) => Path.Combine(_directory.FullName, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Replaces a file as editors and deployment tools do: another one is renamed over it.</summary>
    public void Replace(string name, string text)
        => System.IO.File.Move(Write(name + ".new", text), File(name), overwrite: true);

    public void Dispose() => _directory.Delete(recursive: true);
}
