namespace ProxylessMesh.Xds;

/// <summary>
/// The text of a NACK. Bounded: it echoes what the server sent, and one that is larger than the server's own limit for requests (4 MiB by
/// default in gRPC) would break the stream, again and again.
/// </summary>
internal static class NackText
{
    public const int MaxCharacters = 64 * 1024;

    public static string Of(IReadOnlyList<string> errors)
    {
        var length = 0;
        for (var i = 0; i < errors.Count; i++)
        {
            length += errors[i].Length + 1;
            if (length > MaxCharacters)
            {
                return string.Join('\n', [.. errors.Take(i), $"and {errors.Count - i} more errors"]);
            }
        }

        return string.Join('\n', errors);
    }
}
