using System.CommandLine;
using ProxylessMesh.ControlPlane.RouteChecks;

namespace ProxylessMesh.Cli;

/// <summary><c>mesh route-check</c>: holds a route configuration against tests, without a network.</summary>
internal static class RouteCheckCommand
{
    public static Command Create()
    {
        var routes = new Argument<string>("routes") { Description = "A RouteConfiguration in YAML or JSON, with Envoy's field names." };
        var tests = new Argument<string>("tests") { Description = "The tests, in the shape of Envoy's router check." };
        var missing = new Option<string[]>("--missing-cluster") { Description = "A cluster that does not exist; may be given several times. All others exist." };
        var normalize = new Option<bool>("--normalize-paths") { Description = "Bring paths into their normal form first, as a listener may ask for." };
        var command = new Command("route-check", "Says whether routes do what tests expect of them.") { routes, tests, missing, normalize };
        command.SetAction((result, cancellationToken) =>
        {
            var options = new RouteCheckOptions { NormalizesPaths = result.GetValue(normalize) };
            options.MissingClusters.UnionWith(result.GetValue(missing) ?? []);
            return RunAsync(
                result.GetRequiredValue(routes), result.GetRequiredValue(tests), options, result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(string routes, string tests, RouteCheckOptions options, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        try
        {
            var checker = RouteChecker.Parse(await File.ReadAllTextAsync(routes, cancellationToken).ConfigureAwait(false), options, routes);
            var report = checker.Check(await File.ReadAllTextAsync(tests, cancellationToken).ConfigureAwait(false), tests);
            await output.WriteLineAsync(report.ToString()).ConfigureAwait(false);
            return report.IsSuccess ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (RouteCheckException exception)
        {
            foreach (var line in exception.Errors)
            {
                await error.WriteLineAsync(line).ConfigureAwait(false);
            }

            return ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(exception.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }
}
