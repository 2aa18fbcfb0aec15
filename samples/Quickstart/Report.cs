using System.Globalization;
using Spectre.Console;

namespace Quickstart;

/// <summary>Prints what happened, and remembers whether all of it is as promised. Colours only on a terminal.</summary>
internal sealed class Report
{
    private static readonly string[] Versions = ["v1", "v2"];
    private readonly IAnsiConsole _console;

    public Report()
    {
        var redirected = Console.IsOutputRedirected;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = !redirected },
        });
        if (redirected)
        {
            _console.Profile.Width = 120;
        }
    }

    /// <summary>0 as long as everything held.</summary>
    public int ExitCode { get; private set; }

    public void Say(string line) => _console.WriteLine(line);

    /// <summary>Prints a promise and whether it held.</summary>
    public void Check(string promise, bool held)
    {
        ExitCode = held ? ExitCode : 1;
        _console.Write(new Text(held ? "  ok      " : "  BROKEN  ", new Style(held ? Color.Green : Color.Red)));
        _console.WriteLine(promise);
    }

    /// <summary>Who answered, and whether it is the split that the file asks for.</summary>
    public void Split(Answers answers, double weight1)
    {
        var table = NewTable("call", "version", "requests", "share", "expected", "failed");
        foreach (var call in Calls.All)
        {
            foreach (var (version, weight) in Weights(weight1))
            {
                var failed = version == Versions[0] ? Number(answers.FailuresOf(call)) : "";
                table.AddRow(version == Versions[0] ? call : "", version, Number(answers.CountOf(call, version)), Percent(answers.ShareOf(call, version)), Percent(weight), failed);
            }
        }

        _console.Write(table);
        CheckSplit(answers, weight1);
    }

    /// <summary>The same before and after the file was rewritten.</summary>
    public void Shift(Answers before, double weightBefore, Answers after, double weightAfter, Func<string, string, (int Before, int After)> portOf)
    {
        var table = NewTable("call", "version", "port before", "share before", "expected", "port after", "share after", "expected");
        foreach (var call in Calls.All)
        {
            foreach (var ((version, expectedBefore), (_, expectedAfter)) in Weights(weightBefore).Zip(Weights(weightAfter)))
            {
                var port = portOf(call, version);
                table.AddRow(
                    version == Versions[0] ? call : "",
                    version,
                    Number(port.Before), Percent(before.ShareOf(call, version)), Percent(expectedBefore),
                    Number(port.After), Percent(after.ShareOf(call, version)), Percent(expectedAfter));
            }
        }

        _console.Write(table);
        CheckSplit(before, weightBefore);
        CheckSplit(after, weightAfter);
    }

    private void CheckSplit(Answers answers, double weight1)
        => Check(
            $"HTTP and gRPC are split {100 * weight1:0}/{100 * (1 - weight1):0} ({answers.Count} requests)",
            Calls.All.All(call => answers.HasShare(call, Versions[0], weight1)));

    private static IEnumerable<(string Version, double Weight)> Weights(double weight1) => [(Versions[0], weight1), (Versions[1], 1 - weight1)];

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns)
        {
            var isText = column is "call" or "version";
            table.AddColumn(isText ? new TableColumn(column) : new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);
}
