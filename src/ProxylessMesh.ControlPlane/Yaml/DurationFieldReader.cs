using System.Buffers;
using System.Globalization;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads durations as Istio's files write them, in Go's way: <c>1h30m</c>, <c>1.5s</c>, <c>250ms</c>.</summary>
internal static class DurationFieldReader
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    // More than anybody waits for, and far from overflow in any unit.
    private static readonly TimeSpan Max = TimeSpan.FromDays(365);

    /// <returns>The duration, in whole milliseconds, or <see langword="null"/> when it is absent or wrong; then an error is reported.</returns>
    public static TimeSpan? Read(FieldReader owner, string key)
    {
        if (owner.String(key) is not { } text)
        {
            return null;
        }

        if (!TryParse(text, out var milliseconds))
        {
            owner.Error(key, $"must be a duration such as 5s, 1.5s, 250ms or 1m30s, not '{text}'");
            return null;
        }

        if (milliseconds > (decimal)Max.TotalMilliseconds || milliseconds != decimal.Truncate(milliseconds))
        {
            owner.Error(key, $"must be a whole number of milliseconds, at most {Max.TotalDays:F0} days, not '{text}'");
            return null;
        }

        return TimeSpan.FromMilliseconds((double)milliseconds);
    }

    private static bool TryParse(ReadOnlySpan<char> text, out decimal milliseconds)
    {
        milliseconds = 0;
        if (text.IsEmpty)
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0 || digits > 20 || !decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            text = text[digits..];
            var length = text.IndexOfAny(NumberCharacters);
            var unit = length < 0 ? text : text[..length];
            var factor = unit switch
            {
                "h" => 3_600_000m,
                "m" => 60_000m,
                "s" => 1000m,
                "ms" => 1m,
                "us" or "µs" => 0.001m,
                "ns" => 0.000_001m,
                _ => 0m,
            };
            if (factor == 0)
            {
                return false;
            }

            milliseconds += number * factor;
            text = text[unit.Length..];
        }

        return true;
    }
}
