using System.Globalization;

namespace Resilience;

/// <summary>Prints what happened, and remembers whether all of it is as promised.</summary>
internal sealed class Report
{
    /// <summary>0 as long as everything held.</summary>
    public int ExitCode { get; private set; }

    public static void Say(string line = "") => Console.WriteLine(line);

    public static void Numbers(string what, params (string Name, object Value)[] numbers)
        => Say($"  {what,-24}{string.Join("   ", numbers.Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Name}: {number.Value}")))}");

    /// <summary>Prints a promise and whether it held.</summary>
    public void Check(string promise, bool held)
    {
        ExitCode = held ? ExitCode : 1;
        Say($"  {(held ? "ok" : "BROKEN"),-8}{promise}");
    }

    public static string Percent(int part, int whole) => ((double)part / whole).ToString("0.0 %", CultureInfo.InvariantCulture);

    public static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0 ms", CultureInfo.InvariantCulture);
}
