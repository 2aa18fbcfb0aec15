using System.Diagnostics;

namespace ProxylessMesh.Interop.Tests.Samples;

/// <summary>A sample's run as a process of its own, to its end.</summary>
internal sealed record SampleProcess(int ExitCode, string Output, string Errors)
{
    /// <summary>Far more than any sample needs; only ever reached by a test that fails.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120);

    public static string SamplesDirectory => BuildValue.Of("SamplesDirectory");

    /// <summary>The configuration that the tests, and with them the samples, were built in.</summary>
    public static string BuildConfiguration => BuildValue.Of("BuildConfiguration");

    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public static Task<SampleProcess> RunAsync(string program, params IEnumerable<string> arguments)
        => RunAsync(program, temporaryDirectory: null, arguments);

    /// <param name="program">What to start.</param>
    /// <param name="temporaryDirectory">Where the process puts its temporary files, unless <see langword="null"/>.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<SampleProcess> RunAsync(string program, string? temporaryDirectory, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (temporaryDirectory is not null)
        {
            start.Environment["TMPDIR"] = temporaryDirectory;
        }

        using var timeout = new CancellationTokenSource(Timeout);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return new SampleProcess(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Fails with everything the process wrote, unless it ended as it should.</summary>
    public void AssertExitCode(int expected)
        => Assert.True(ExitCode == expected, $"The exit code is {ExitCode}, not {expected}.\n{Output}\n{Errors}");
}
