using System.Diagnostics;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.ControlPlane.Tests.Cli;

/// <summary>The tool as a user runs it: a process of its own.</summary>
public sealed class RouteCheckCommandTests : IDisposable
{
    private const string Routes = "virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]";

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _timeout = new(TestTimeouts.Default);

    public void Dispose()
    {
        _directory.Dispose();
        _timeout.Dispose();
    }

    /// <summary>Each row: the routes, what a test expects, further arguments, and what becomes of it.</summary>
    public static TheoryData<string, string, string[], int, string, string> Runs => new()
    {
        { Routes, "cluster_name: c", [], 0, "1 tests, 0 failed", "" },
        { Routes, "cluster_name: d", [], 1, "cluster_name: expected 'd', got 'c'", "" },
        { Routes, "code_redirect: 503", ["--missing-cluster", "c"], 0, "1 tests, 0 failed", "" },
        { Routes, "path_rewrite: /b", ["--normalize-paths"], 0, "1 tests, 0 failed", "" },
        { "virtual_host: []", "cluster_name: c", [], 1, "", "virtual_host: is no field" },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task RouteCheck_RoutesAndTests_ReportsAndEndsAccordingly(string routes, string validate, string[] arguments, int code, string output, string error)
    {
        var files = (_directory.Write("routes.yaml", routes), _directory.Write("tests.yaml", $"tests: [{{test_name: t, input: {{authority: a, path: /a/../b}}, validate: {{{validate}}}}}]"));
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "ProxylessMesh.Cli.dll"), "route-check", files.Item1, files.Item2, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!; // the tool is no shell document: a process is always started
        var said = process.StandardOutput.ReadToEndAsync(_timeout.Token);
        var wrong = process.StandardError.ReadToEndAsync(_timeout.Token);
        await process.WaitForExitAsync(_timeout.Token);

        Assert.Equal(code, process.ExitCode);
        Assert.Contains(output, await said, StringComparison.Ordinal);
        Assert.Contains(error, await wrong, StringComparison.Ordinal);
    }
}
