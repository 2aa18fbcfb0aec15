using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Interop.Tests.Peers;

/// <summary>
/// A gRPC client of another make: grpc-js with its xDS resolver (<c>node/grpc-client.mjs</c>), a process of its own.
/// It obeys one command at a time.
/// </summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private const string Script = "grpc-client.mjs";

    /// <summary>Longer than any call may take. Only ever reached by a test that fails.</summary>
    private static readonly TimeSpan AnswerTimeout = 2 * TestTimeouts.Default;

    // grpc-js would send even calls to this machine through them.
    private static readonly string[] ProxyVariables = ["grpc_proxy", "https_proxy", "http_proxy"];

    private readonly Process _process;
    private readonly StringBuilder _errors = new(); // guarded by itself

    private NodePeer(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        _process.BeginErrorReadLine();
    }

    /// <param name="bootstrap">The xDS bootstrap, as JSON.</param>
    /// <param name="program">Node.js: a path, or a name to look for on PATH.</param>
    /// <exception cref="InvalidOperationException">There is no such program; the message says what to install.</exception>
    public static NodePeer Start(string bootstrap, string program = "node")
    {
        var start = new ProcessStartInfo(program, Script)
        {
            WorkingDirectory = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(BuildValue.Of("NodeModulesDirectory"))),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("GRPC_XDS_BOOTSTRAP");
        start.Environment["GRPC_XDS_BOOTSTRAP_CONFIG"] = bootstrap;
        foreach (var variable in ProxyVariables)
        {
            start.Environment.Remove(variable);
        }

        try
        {
            return new NodePeer(Process.Start(start)!); // null only for a file that another program opens
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException(
                $"'{program}' cannot be started ({exception.Message}): these tests drive a client written for Node.js. Install Node.js 20 or later and put it on the PATH, or leave out tests/ProxylessMesh.Interop.Tests.",
                exception);
        }
    }

    /// <summary>Makes so many calls, a few at a time.</summary>
    public Task<CallReport> CallAsync(string target, int calls) => CallAsync(target, calls, TestTimeouts.Default);

    /// <param name="target">As in <c>xds:///orders</c>.</param>
    /// <param name="calls">How many.</param>
    /// <param name="timeout">The deadline of each of them.</param>
    public Task<CallReport> CallAsync(string target, int calls, TimeSpan timeout) => ObeyAsync<CallReport>($"call {target} {calls} {timeout.TotalMilliseconds:0}");

    /// <summary>The connectivity state of the channel to a target, as in <c>READY</c>.</summary>
    public Task<string> StateOfAsync(string target) => ObeyAsync<string>($"state {target}");

    /// <summary>Begins to call without pause.</summary>
    public Task StartLoadAsync(string target) => ObeyAsync<CallReport>($"start {target}");

    /// <summary>Waits until so many more calls of the load have come to an end.</summary>
    public async Task MoreLoadAsync(int calls)
    {
        var goal = (await ObeyAsync<CallReport>("load")).Total + calls;
        await Until.TrueAsync(async () => (await ObeyAsync<CallReport>("load")).Total >= goal, $"{calls} more calls by Node.js");
    }

    /// <summary>Ends the load, and reports on all of it.</summary>
    public Task<CallReport> StopLoadAsync() => ObeyAsync<CallReport>("stop");

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(TestTimeouts.Default);
        _process.Dispose();
    }

    private async Task<T> ObeyAsync<T>(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        using var timeout = new CancellationTokenSource(AnswerTimeout);
        string? answer;
        try
        {
            answer = await _process.StandardOutput.ReadLineAsync(timeout.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"Node.js did not answer '{command}' within {AnswerTimeout.TotalSeconds} s. {Errors()}", exception);
        }

        if (answer is null)
        {
            // Only after the end has everything it wrote arrived.
            await _process.WaitForExitAsync(timeout.Token);
            throw new InvalidOperationException($"Node.js ended in place of answering '{command}'. {Errors()}");
        }

        return JsonSerializer.Deserialize<T>(answer, JsonSerializerOptions.Web)!; // the script never writes null
    }

    private void KeepError(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }

    private string Errors()
    {
        lock (_errors)
        {
            return $"Its standard error: {_errors}";
        }
    }
}
