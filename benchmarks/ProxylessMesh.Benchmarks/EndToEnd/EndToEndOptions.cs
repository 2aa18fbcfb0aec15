using System.Globalization;

namespace ProxylessMesh.Benchmarks.EndToEnd;

/// <summary>How long to measure.</summary>
/// <param name="Rounds">How many rounds with and as many without the mesh, in each cell of the table.</param>
/// <param name="Length">The length of a round.</param>
internal sealed record EndToEndOptions(int Rounds, TimeSpan Length)
{
    public const string Usage = "e2e [--rounds <count, default 7>] [--seconds <length of a round, default 1>]";

    /// <exception cref="FormatException">The arguments are not understood.</exception>
    public static EndToEndOptions Parse(IReadOnlyList<string> args)
    {
        var options = new EndToEndOptions(7, TimeSpan.FromSeconds(1));
        for (var i = 0; i < args.Count; i += 2)
        {
            if (i + 1 == args.Count || !double.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var value) || value <= 0)
            {
                throw new FormatException(Usage);
            }

            options = args[i] switch
            {
                "--rounds" when double.IsInteger(value) => options with { Rounds = (int)value },
                "--seconds" => options with { Length = TimeSpan.FromSeconds(value) },
                _ => throw new FormatException(Usage),
            };
        }

        return options;
    }
}
