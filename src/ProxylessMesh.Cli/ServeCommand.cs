using System.CommandLine;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane;

namespace ProxylessMesh.Cli;

/// <summary><c>mesh serve</c>: an xDS server fed by a mesh file or a directory of them, until Ctrl-C or SIGTERM.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var defaults = new ControlPlaneServerOptions();
        var config = new Option<string>("--config", "-c")
        {
            Description = "The mesh file, or a directory whose files *.yaml and *.yml are one configuration. A change comes into force by itself; a mistake changes nothing.",
            DefaultValueFactory = _ => defaults.ConfigurationFile,
        };
        var listen = new Option<string>("--listen", "-l")
        {
            Description = "Where to listen: address:port (port 0: any free one) or unix:/absolute/path. Plaintext.",
            DefaultValueFactory = _ => defaults.ListenAddress,
        };
        var command = new Command("serve", "Serves mesh files to xDS clients (ADS, state of the world).") { config, listen };
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetRequiredValue(config),
            result.GetRequiredValue(listen),
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string config, string listen, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        // Standard output holds the one line that scripts read.
        using var loggerFactory = LoggerFactory.Create(logging => logging
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("ProxylessMesh", LogLevel.Information));
        var options = new ControlPlaneServerOptions { ConfigurationFile = config, ListenAddress = listen, LoggerFactory = loggerFactory };
        try
        {
            var server = await ControlPlaneServer.StartAsync(options, cancellationToken).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                await output.WriteLineAsync($"listening on {server.Address}").ConfigureAwait(false);
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                await WaitForEndAsync(cancellationToken).ConfigureAwait(false);
            }

            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (MeshFileException exception)
        {
            foreach (var line in exception.Errors)
            {
                await error.WriteLineAsync(line).ConfigureAwait(false);
            }

            return ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            await error.WriteLineAsync(exception.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }

    private static async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancellationToken.Register(ended.SetResult);
        await ended.Task.ConfigureAwait(false);
    }
}
