using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Files;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.ControlPlane.Tests.Files;

public sealed class MeshFileSourceTests : IDisposable
{
    private const string Name = "mesh.yaml";
    private const string Bad = "kind: Nonsense\n";

    private static readonly string Orders = MeshYaml.Service("orders");
    private static readonly string Cart = MeshYaml.Service("cart");

    private readonly TemporaryDirectory _directory = new();
    private readonly RecordingLogger _logger = new();

    public static TheoryData<bool> Notifications => [true, false];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task StartAsync_MissingFile_Throws()
    {
        var path = _directory.File(Name);

        var exception = await Assert.ThrowsAsync<MeshFileException>(() => StartAsync(path));

        Assert.Equal(path, exception.FilePath);
        Assert.StartsWith($"{path}: cannot be read: ", Assert.Single(exception.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_BadFile_ThrowsWithEveryError()
    {
        var path = _directory.Write(Name, Bad);

        var exception = await Assert.ThrowsAsync<MeshFileException>(() => StartAsync(path));

        Assert.Equal(4, exception.Errors.Count);
        Assert.All(exception.Errors, error => Assert.StartsWith($"{path}:1: ", error, StringComparison.Ordinal));
        Assert.All(exception.Errors, error => Assert.Contains(error, exception.Message, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task Follow_FileRewritten_ComesIntoForce(bool notifications)
    {
        var path = _directory.Write(Name, Orders);
        await using var source = await StartAsync(path, notifications);

        await ChangeAsync(source, () => _directory.Write(Name, Cart));

        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
        Assert.False(source.Store.Current.Resources.IsDeclared("orders"));
        Assert.Equal("2", source.Store.Current.Resources.Version);
    }

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task Follow_FileReplacedByRename_ComesIntoForceEachTime(bool notifications)
    {
        var path = _directory.Write(Name, Orders);
        await using var source = await StartAsync(path, notifications);

        await ChangeAsync(source, () => _directory.Replace(Name, Cart));
        await ChangeAsync(source, () => _directory.Replace(Name, Orders));

        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
    }

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task Follow_ConfigMapSwapsItsLinks_ComesIntoForce(bool notifications)
    {
        // As the kubelet mounts it: mesh.yaml -> ..data/mesh.yaml, ..data -> ..<generation>, and ..data is renamed over.
        WriteGeneration("..1", Orders);
        Directory.CreateSymbolicLink(_directory.File("..data"), "..1");
        File.CreateSymbolicLink(_directory.File(Name), Path.Combine("..data", Name));
        await using var source = await StartAsync(_directory.File(Name), notifications);

        await ChangeAsync(source, () =>
        {
            WriteGeneration("..2", Cart);
            Directory.CreateSymbolicLink(_directory.File("..data_tmp"), "..2");
            RenameLink(_directory.File("..data_tmp"), _directory.File("..data"));
        });

        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
    }

    [Fact]
    public async Task Follow_BadContent_KeepsTheLastGoodAndIsLoggedOncePerContent()
    {
        var path = _directory.Write(Name, Orders);
        await using var source = await StartAsync(path);

        _directory.Replace(Name, Bad);
        await Until.TrueAsync(() => source.LastError is MeshFileException);
        _directory.Replace(Name, "kind: Rubbish\n");
        await Until.TrueAsync(() => source.LastError!.Message.Contains("Rubbish", StringComparison.Ordinal));

        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
        Assert.Equal("1", source.Store.Current.Resources.Version);
        Assert.Equal(2, _logger.Count(LogLevel.Error));
    }

    [Fact]
    public async Task Follow_GoodContentAfterBad_ClearsTheError()
    {
        var path = _directory.Write(Name, Orders);
        await using var source = await StartAsync(path);
        _directory.Replace(Name, Bad);
        await Until.TrueAsync(() => source.LastError is not null);

        await ChangeAsync(source, () => _directory.Replace(Name, Cart));

        Assert.Null(source.LastError);
        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
    }

    [Fact]
    public async Task Follow_FileVanishesAndComesBackAsItWas_ClearsTheError()
    {
        var path = _directory.Write(Name, Orders);
        await using var source = await StartAsync(path);
        File.Delete(path);
        await Until.TrueAsync(() => source.LastError is MeshFileException);
        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));

        _directory.Write(Name, Orders);

        await Until.TrueAsync(() => source.LastError is null);
    }

    [Fact]
    public async Task DisposeAsync_Twice_IsHarmlessAndKeepsTheConfiguration()
    {
        var source = await StartAsync(_directory.Write(Name, Orders));

        await source.DisposeAsync();
        await source.DisposeAsync();

        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
    }

    private Task<MeshFileSource> StartAsync(string path, bool notifications = false)
    {
        // With notifications the poll is far away, so that they are what is seen first.
        var options = new MeshFileSourceOptions
        {
            UseChangeNotifications = notifications,
            PollInterval = notifications ? TimeSpan.FromSeconds(2) : TimeSpan.FromMilliseconds(20),
            SettleTime = TimeSpan.FromMilliseconds(10),
        };
        return MeshFileSource.StartAsync(path, options, TimeProvider.System, _logger, CancellationToken.None);
    }

    private static async Task ChangeAsync(MeshFileSource source, Action change)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.Changed += () => changed.TrySetResult();

        change();

        await changed.Task.WaitAsync(TestTimeouts.Default);
    }

    private void WriteGeneration(string name, string text)
    {
        Directory.CreateDirectory(_directory.File(name));
        _directory.Write(Path.Combine(name, Name), text);
    }

    // .NET has no rename of a link to a directory over another one.
    private static void RenameLink(string from, string to)
    {
        using var mv = Process.Start("mv", ["-T", from, to]);
        mv.WaitForExit();
        Assert.Equal(0, mv.ExitCode);
    }
}
