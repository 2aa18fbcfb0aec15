using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Files;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.ControlPlane.Tests.Files;

/// <summary>Several files of a directory as one configuration, read and followed.</summary>
public sealed class MeshDirectoryTests : IDisposable
{
    private const string Bad = "kind: Nonsense\n";

    private static readonly string Orders = MeshYaml.Service("orders");
    private static readonly string Cart = MeshYaml.Service("cart");

    private readonly TemporaryDirectory _directory = new();
    private readonly RecordingLogger _logger = new();

    public static TheoryData<bool> Notifications => [true, false];

    private string Folder => _directory.File("");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Start_SeveralFiles_AreOneConfiguration()
    {
        // A route in one file, its service in a later one.
        _directory.Write("1.yaml", Route("orders", "cart"));
        _directory.Write("2.yml", Orders + "---\n" + Cart);

        await using var source = await StartAsync();

        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
        Assert.Equal(0, _logger.Count(LogLevel.Warning));
    }

    [Fact]
    public async Task Start_OtherFiles_AreNotRead()
    {
        _directory.Write("mesh.yaml", Orders);
        _directory.Write("readme.md", Bad);
        _directory.Write("mesh.yaml.bak", Bad);
        _directory.Write(".draft.yaml", Bad);
        Directory.CreateDirectory(_directory.File("below"));
        _directory.Write(Path.Combine("below", "mesh.yaml"), Bad);
        Directory.CreateDirectory(_directory.File("folder.yaml"));

        await using var source = await StartAsync();

        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
    }

    [Fact]
    public async Task Start_SameHostTwice_TheFirstFileByNameWins()
    {
        // Ordinal: capitals come first, and 10 before 9.
        _directory.Write("9.yaml", Named("last"));
        _directory.Write("Z.yaml", Named("second"));
        _directory.Write("10.yaml", Named("first"));

        var files = await MeshFileLoader.ReadAsync(Folder, CancellationToken.None);
        var (_, warnings) = MeshFileLoader.Parse(Folder, files);

        Assert.Equal(["10.yaml", "9.yaml", "Z.yaml"], files.Select(file => Path.GetFileName(file.Path)));
        Assert.Equal(
            [
                $"{_directory.File("9.yaml")}:5: ServiceEntry default/last: spec.hosts[0]: host 'orders' belongs to ServiceEntry default/first, which comes first; this one has no effect for it",
                $"{_directory.File("Z.yaml")}:5: ServiceEntry default/second: spec.hosts[0]: host 'orders' belongs to ServiceEntry default/first, which comes first; this one has no effect for it",
            ],
            warnings.Select(warning => $"{warning}"));

        static string Named(string name) => Orders.Replace("name: orders", "name: " + name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoYamlFile_SaysSo()
    {
        _directory.Write("readme.md", "nothing");

        var exception = await Assert.ThrowsAsync<MeshFileException>(StartAsync);

        Assert.Equal(Folder, exception.FilePath);
        Assert.Equal($"{Folder}: has no file *.yaml or *.yml; put the mesh's resources into one", Assert.Single(exception.Errors));
    }

    [Fact]
    public async Task Start_LinkToNowhere_NamesTheFile()
    {
        _directory.Write("a.yaml", Orders);
        File.CreateSymbolicLink(_directory.File("b.yaml"), "nowhere.yaml");

        var exception = await Assert.ThrowsAsync<MeshFileException>(StartAsync);

        Assert.Equal(Folder, exception.FilePath);
        Assert.StartsWith($"{_directory.File("b.yaml")}: cannot be read: ", Assert.Single(exception.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_MistakesInSeveralFiles_NamesFileLineAndFieldOfEach()
    {
        _directory.Write("a.yaml", "rootNamespace: istio-system\n---\n" + Orders);
        _directory.Write("b.yaml", "# moved here\n" + Orders + "---\nrootNamespace: other\n");
        _directory.Write("c.yaml", Route("orders", "nosuch"));

        var exception = await Assert.ThrowsAsync<MeshFileException>(StartAsync);

        Assert.Equal(Folder, exception.FilePath);
        Assert.Equal(
            [
                $"{_directory.File("b.yaml")}:4: ServiceEntry default/orders: metadata: the same kind, namespace and name were declared in {_directory.File("a.yaml")}:3; rename or merge them",
                $"{_directory.File("b.yaml")}:11: there is a MeshConfig already, in {_directory.File("a.yaml")}:1; merge them",
                $"{_directory.File("c.yaml")}:8: VirtualService default/orders: spec.http[0].route[0].destination.host: no ServiceEntry or Service declares the host 'nosuch'; add one or correct the name",
            ],
            exception.Errors);
    }

    [Fact]
    public async Task Start_OneFileIsNoYaml_ReportsItAndTheOthersOwnMistakesOnly()
    {
        _directory.Write("a.yaml", "kind: [\n");
        _directory.Write("b.yaml", Route("orders", "nosuch") + "    colour: red\n");

        var exception = await Assert.ThrowsAsync<MeshFileException>(StartAsync);

        // Whether anybody declares the route's hosts cannot be known.
        Assert.Equal(2, exception.Errors.Count);
        Assert.StartsWith($"{_directory.File("a.yaml")}:", exception.Errors[0], StringComparison.Ordinal);
        Assert.Contains("not valid YAML: ", exception.Errors[0], StringComparison.Ordinal);
        Assert.StartsWith($"{_directory.File("b.yaml")}:9: VirtualService default/orders: spec.http[0].colour: is not a known field", exception.Errors[1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task Follow_FileChangedAddedAndRemoved_ComesIntoForceEachTime(bool notifications)
    {
        _directory.Write("orders.yaml", Orders);
        await using var source = await StartAsync(notifications);

        await ChangeAsync(source, () => _directory.Write("cart.yml", Cart));
        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
        await ChangeAsync(source, () => _directory.Replace("cart.yml", MeshYaml.Service("stock")));
        Assert.True(source.Store.Current.Resources.IsDeclared("stock"));
        await ChangeAsync(source, () => File.Delete(_directory.File("orders.yaml")));

        Assert.False(source.Store.Current.Resources.IsDeclared("orders"));
        Assert.False(source.Store.Current.Resources.IsDeclared("cart"));
        Assert.True(source.Store.Current.Resources.IsDeclared("stock"));
        Assert.Equal("4", source.Store.Current.Resources.Version);
    }

    [Fact]
    public async Task Follow_FileRenamed_OrderOfPrecedenceChanges()
    {
        _directory.Write("a.yaml", Orders);
        _directory.Write("b.yaml", MeshYaml.Service("orders", targetPort: 5002).Replace("name: orders", "name: other", StringComparison.Ordinal));
        await using var source = await StartAsync();
        var before = EndpointsOfOrders(source);

        await ChangeAsync(source, () => File.Move(_directory.File("a.yaml"), _directory.File("c.yaml")));

        Assert.NotEqual(before, EndpointsOfOrders(source));
    }

    [Theory]
    [MemberData(nameof(Notifications))]
    public async Task Follow_ConfigMapSwapsItsLinks_ChangesAllFilesAtOnce(bool notifications)
    {
        // As the kubelet mounts it: each file -> ..data/file, ..data -> ..<generation>, and ..data is renamed over.
        WriteGeneration("..1", Route("orders", "orders"), Orders);
        Directory.CreateSymbolicLink(_directory.File("..data"), "..1");
        File.CreateSymbolicLink(_directory.File("routes.yaml"), Path.Combine("..data", "routes.yaml"));
        File.CreateSymbolicLink(_directory.File("services.yaml"), Path.Combine("..data", "services.yaml"));
        await using var source = await StartAsync(notifications);

        await ChangeAsync(source, () =>
        {
            // Half of it would be an error: the old routes lead to no service.
            WriteGeneration("..2", Route("cart", "cart"), Cart);
            Directory.CreateSymbolicLink(_directory.File("..data_tmp"), "..2");
            RenameLink(_directory.File("..data_tmp"), _directory.File("..data"));
        });

        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
        Assert.False(source.Store.Current.Resources.IsDeclared("orders"));
        Assert.Equal(0, _logger.Count(LogLevel.Error));
    }

    [Fact]
    public async Task Follow_OneFileBroken_KeepsTheLastGoodAsAWhole()
    {
        _directory.Write("a.yaml", Orders);
        _directory.Write("b.yaml", Cart);
        await using var source = await StartAsync();

        _directory.Replace("b.yaml", Bad);
        await Until.TrueAsync(() => source.LastError is not null);
        _directory.Replace("a.yaml", MeshYaml.Service("stock"));
        _directory.Replace("b.yaml", "kind: Rubbish\n");
        await Until.TrueAsync(() => source.LastError!.Message.Contains("Rubbish", StringComparison.Ordinal));

        // The good half of the change waits for the other.
        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
        Assert.True(source.Store.Current.Resources.IsDeclared("cart"));
        Assert.False(source.Store.Current.Resources.IsDeclared("stock"));
        Assert.Equal("1", source.Store.Current.Resources.Version);
        Assert.StartsWith(_directory.File("b.yaml") + ":1: ", Assert.IsType<MeshFileException>(source.LastError).Errors[0], StringComparison.Ordinal);
        await ChangeAsync(source, () => _directory.Replace("b.yaml", Cart));
        Assert.True(source.Store.Current.Resources.IsDeclared("stock"));
        Assert.Null(source.LastError);
    }

    [Fact]
    public async Task Follow_LastFileRemovedAndBackAsItWas_KeepsTheLastGoodAndClearsTheError()
    {
        _directory.Write("a.yaml", Orders);
        await using var source = await StartAsync();

        File.Delete(_directory.File("a.yaml"));
        await Until.TrueAsync(() => source.LastError is MeshFileException);
        Assert.True(source.Store.Current.Resources.IsDeclared("orders"));
        _directory.Write("a.yaml", Orders);

        await Until.TrueAsync(() => source.LastError is null);
    }

    private static string Route(string host, string destination) => $$"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: {{host}}}
        spec:
          hosts: [{{host}}]
          http:
          - route:
            - destination: {host: {{destination}} }

        """;

    private static Google.Protobuf.ByteString EndpointsOfOrders(MeshFileSource source)
        => source.Store.Current.Resources.Find(Xds.ResourceTypes.ClusterLoadAssignment, "outbound|80||orders")!.Value;

    private static async Task ChangeAsync(MeshFileSource source, Action change)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.Changed += () => changed.TrySetResult();

        change();

        await changed.Task.WaitAsync(TestTimeouts.Default);
    }

    private Task<MeshFileSource> StartAsync() => StartAsync(notifications: false);

    private Task<MeshFileSource> StartAsync(bool notifications)
    {
        // With notifications the poll is far away, so that they are what is seen first.
        var options = new MeshFileSourceOptions
        {
            UseChangeNotifications = notifications,
            PollInterval = notifications ? TimeSpan.FromSeconds(2) : TimeSpan.FromMilliseconds(20),
            SettleTime = TimeSpan.FromMilliseconds(10),
        };
        return MeshFileSource.StartAsync(Folder, options, TimeProvider.System, _logger, CancellationToken.None);
    }

    private void WriteGeneration(string name, string routes, string services)
    {
        Directory.CreateDirectory(_directory.File(name));
        _directory.Write(Path.Combine(name, "routes.yaml"), routes);
        _directory.Write(Path.Combine(name, "services.yaml"), services);
    }

    // .NET has no rename of a link to a directory over another one.
    private static void RenameLink(string from, string to)
    {
        using var mv = Process.Start("mv", ["-T", from, to]);
        mv.WaitForExit();
        Assert.Equal(0, mv.ExitCode);
    }
}
