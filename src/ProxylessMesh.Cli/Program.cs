using System.CommandLine;

namespace ProxylessMesh.Cli;

/// <summary>The tool <c>mesh</c>: one command per verb.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        var root = new RootCommand("ProxylessMesh: a service mesh inside the process.") { ServeCommand.Create(), RouteCheckCommand.Create() };
        return root.Parse(args).InvokeAsync();
    }
}
