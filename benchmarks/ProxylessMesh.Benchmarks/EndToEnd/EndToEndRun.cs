using System.Globalization;

namespace ProxylessMesh.Benchmarks.EndToEnd;

/// <summary>
/// Compares requests with and without the mesh over real sockets, to a server in another process. Rounds with and without
/// alternate, and so does their order, so that what changes on the machine meanwhile hits both.
/// </summary>
internal static class EndToEndRun
{
    /// <summary>More than this machine or any of its size answers.</summary>
    private const int MaxRate = 400_000;

    private static readonly int[] Concurrencies = [1, 16, 64];

    public static async Task<int> MainAsync(IReadOnlyList<string> args)
    {
        EndToEndOptions options;
        try
        {
            options = EndToEndOptions.Parse(args);
        }
        catch (FormatException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }

        using var backend = await BackendProcess.StartAsync();
        await using var clients = await Clients.StartAsync(backend);
        var loop = new ClosedLoop(backend, (int)(MaxRate * Math.Ceiling(options.Length.TotalSeconds)));

        Console.WriteLine(EndToEndTable.Header);
        foreach (var pair in clients.Pairs)
        {
            foreach (var concurrency in Concurrencies)
            {
                var rounds = await CompareAsync(loop, pair, concurrency, options);
                Console.WriteLine(EndToEndTable.Row(pair.Protocol, concurrency, rounds));
            }
        }

        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Rounds} rounds of {options.Length.TotalSeconds} s each way."));
        return 0;
    }

    private static async Task<IReadOnlyList<Round>> CompareAsync(ClosedLoop loop, ClientPair pair, int concurrency, EndToEndOptions options)
    {
        await loop.RunAsync(pair.Bare, concurrency, options.Length);
        await loop.RunAsync(pair.Mesh, concurrency, options.Length);
        var rounds = new List<Round>();
        for (var i = 0; i < options.Rounds; i++)
        {
            Sample bare;
            Sample mesh;
            if (i % 2 == 0)
            {
                bare = await loop.RunAsync(pair.Bare, concurrency, options.Length);
                mesh = await loop.RunAsync(pair.Mesh, concurrency, options.Length);
            }
            else
            {
                mesh = await loop.RunAsync(pair.Mesh, concurrency, options.Length);
                bare = await loop.RunAsync(pair.Bare, concurrency, options.Length);
            }

            rounds.Add(new Round(bare, mesh));
        }

        return rounds;
    }
}
