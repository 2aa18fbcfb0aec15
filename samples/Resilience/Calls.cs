using System.Net;

namespace Resilience;

/// <summary>What came of some requests.</summary>
internal sealed class Outcomes
{
    private readonly List<(int Status, TimeSpan Time)> _all = [];

    public int Count => _all.Count;

    public int Ok => CountOf(HttpStatusCode.OK);

    public int CountOf(HttpStatusCode status) => _all.Count(outcome => outcome.Status == (int)status);

    /// <summary>So long took all but so many per cent.</summary>
    public TimeSpan Percentile(double percent)
    {
        var times = _all.Select(outcome => outcome.Time).Order().ToArray();
        return times[Math.Min(times.Length - 1, (int)(times.Length * percent / 100))];
    }

    public void Add(int status, TimeSpan time) => _all.Add((status, time));
}

/// <summary>Calls "orders" one request after the other: a failure is counted and not thrown.</summary>
internal sealed class Calls(HttpClient http)
{
    public async Task<Outcomes> SendAsync(string path, int count, string user, CancellationToken cancellationToken)
    {
        var outcomes = new Outcomes();
        for (var i = 0; i < count; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            var status = await SendAsync(path, user, cancellationToken);
            outcomes.Add(status, TimeProvider.System.GetElapsedTime(start));
        }

        return outcomes;
    }

    /// <summary>Waits until requests are routed by the file of a step.</summary>
    public async Task WaitForAsync(Step step, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        do
        {
            using var response = await http.GetAsync(new Uri("/ready", UriKind.Relative), cancellationToken);
            if (response.Headers.TryGetValues(MeshFile.StepHeader, out var values) && values.Contains(step.Name))
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task<int> SendAsync(string path, string user, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("x-user", user);
            using var response = await http.SendAsync(request, cancellationToken);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException exception)
        {
            return (int)(exception.StatusCode ?? 0);
        }
    }
}
