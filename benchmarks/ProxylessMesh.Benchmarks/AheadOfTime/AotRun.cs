using System.Diagnostics;
using System.Globalization;
using ProxylessMesh.Benchmarks.EndToEnd;
using ProxylessMesh.ControlPlane;

namespace ProxylessMesh.Benchmarks.AheadOfTime;

/// <summary>
/// Publishes a small client of the mesh ahead of time (NativeAOT) and beside it as usual, and compares their sizes and how soon they have their first
/// answer through the mesh from a control plane and a server in other processes.
/// </summary>
internal static class AotRun
{
    private const string Client = "ProxylessMesh.AotClient";
    private const int Runs = 15;

    public static async Task<int> MainAsync()
    {
        var output = Directory.CreateTempSubdirectory("proxylessmesh-aot-");
        try
        {
            using var backend = await BackendProcess.StartAsync();
            using var file = new ServiceFile();
            file.Add("orders", backend.Http1Port);
            await using var controlPlane = await ControlPlaneServer.StartAsync(new ControlPlaneServerOptions { ConfigurationFile = file.Path, ListenAddress = "127.0.0.1:0" }, CancellationToken.None);
            var bootstrap = $$"""
                { "xds_servers": [{ "server_uri": "{{new Uri(controlPlane.Address).Authority}}", "channel_creds": [{ "type": "insecure" }] }], "node": { "id": "aot" } }
                """;

            Console.WriteLine("| published | size | first answer, median | fastest | working set |");
            Console.WriteLine("|---|---:|---:|---:|---:|");
            foreach (var (name, properties) in new (string, string[])[] { ("NativeAOT", ["-p:PublishAot=true"]), ("framework-dependent", ["--self-contained", "false"]) })
            {
                var directory = Path.Combine(output.FullName, name);
                await PublishAsync(directory, properties);
                Console.WriteLine(await MeasureAsync(name, directory, bootstrap));
            }

            return 0;
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }

    private static async Task PublishAsync(string directory, string[] properties)
    {
        string[] arguments =
        [
            "publish", Path.Combine(RepositoryRoot(), "benchmarks", Client), "-c", "Release", "--use-current-runtime", "-o", directory, "--nologo", "-v", "q",
            "-p:DebugType=none", "-p:NuGetLockFilePath=obj/publish.lock.json", .. properties, // a lock file of its own: this publish has a runtime, the build has none
        ];
        var (exitCode, text) = await RunAsync("dotnet", arguments);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} failed:{Environment.NewLine}{text}");
        }
    }

    private static async Task<string> MeasureAsync(string name, string directory, string bootstrap)
    {
        var milliseconds = new List<int>();
        var workingSet = 0;
        for (var i = 0; i < Runs; i++)
        {
            var (exitCode, text) = await RunAsync(Path.Combine(directory, Client), [bootstrap, "http://orders/echo"]);
            if (exitCode != 0)
            {
                throw new InvalidOperationException($"The client failed:{Environment.NewLine}{text}");
            }

            var words = text.Trim().Split(' ');
            milliseconds.Add(int.Parse(words[0], CultureInfo.InvariantCulture));
            workingSet = int.Parse(words[1], CultureInfo.InvariantCulture);
        }

        milliseconds.Sort();
        var size = Directory.EnumerateFiles(directory).Where(static file => Path.GetExtension(file) is not (".xml" or ".dbg" or ".pdb")).Sum(static file => new FileInfo(file).Length);
        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {size / 1e6:0.0} MB | {milliseconds[Runs / 2]} ms | {milliseconds[0]} ms | {workingSet} MiB |");
    }

    private static async Task<(int ExitCode, string Text)> RunAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, text + await error);
    }

    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "ProxylessMesh.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("Run it from a checkout: the client is published from its sources.");
    }
}
