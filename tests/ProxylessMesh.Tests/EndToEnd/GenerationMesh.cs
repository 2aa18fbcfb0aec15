using System.Collections.Concurrent;
using System.Globalization;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;
using Route = Envoy.Config.Route.V3.Route;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>
/// A mesh whose configuration comes in generations: the routes of generation g stamp their requests with g, and lead to clusters of
/// their own whose endpoints answer g. Requests run all the while and check that the two belong together.
/// </summary>
internal sealed class GenerationMesh : IAsyncDisposable
{
    private readonly GenerationTransport _transport;
    private CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly List<Task> _readers = [];
    private readonly SeededRandomSource _random;
    private readonly HttpMessageInvoker _invoker;
    private readonly TimeSpan? _timeout;
    private string _routes = "routes-0";
    private int _requests;
    private int _newest;

    private GenerationMesh(MeshFixture mesh, GenerationTransport transport, SeededRandomSource random, TimeSpan? timeout)
    {
        _timeout = timeout;
        Mesh = mesh;
        _transport = transport;
        _random = random;
        _invoker = new HttpMessageInvoker(mesh.Mesh.CreateHandler());
    }

    public MeshFixture Mesh { get; }

    public GenerationTransport Transport => _transport;

    /// <summary>Requests that failed, or whose route and cluster did not belong together.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public int RequestCount => Volatile.Read(ref _requests);

    /// <param name="seed">Of the order of things.</param>
    /// <param name="readers">How many send requests all the while.</param>
    /// <param name="timeout">Of the routes; by default they have none.</param>
    public static async Task<GenerationMesh> StartAsync(int seed, int readers, TimeSpan? timeout = null)
    {
        var transport = new GenerationTransport();
        var mesh = await MeshFixture.StartAsync([XdsResources.Listener("orders", "routes-0"), .. Clusters(0), .. Endpoints(0, 3), Routes("routes-0", 0, timeout)], transport: transport);
        var generations = new GenerationMesh(mesh, transport, new SeededRandomSource(seed), timeout);
        await generations.SendAsync();
        generations.Read(readers);
        return generations;
    }

    /// <summary>Brings one generation into effect, its resources in some order, right or wrong; takes older ones away; changes endpoints.</summary>
    public async Task UpdateAsync(int generation, bool waits)
    {
        // A listener that is pointed at other routes, or the same routes anew.
        var isRenamed = _random.Next(3) == 0;
        var routes = isRenamed ? $"routes-{generation}" : "routes-0";
        List<Any[]> steps =
        [
            [.. Clusters(generation)],
            [.. Endpoints(generation, 1 + (int)_random.Next(3))],
            [Routes(routes, generation, _timeout)],
            [XdsResources.Listener("orders", routes)],
        ];
        if (_random.Next(2) == 0)
        {
            Shuffle(steps);
        }

        var removesEarly = _random.Next(4) == 0;
        if (removesEarly)
        {
            await RemoveAsync(generation - 1);
        }

        foreach (var step in steps)
        {
            await Mesh.ControlPlane.SetAsync(step);
        }

        if (waits || _random.Next(3) == 0)
        {
            await EffectiveAsync(generation);
            await Mesh.ControlPlane.SetAsync(Endpoints(generation, 1 + (int)_random.Next(3)));
        }

        await RemoveAsync(generation - (removesEarly ? 2 : 1));
        if (routes != _routes)
        {
            await Mesh.ControlPlane.RemoveAsync(ResourceTypes.RouteConfiguration, _routes);
            _routes = routes;
        }
    }

    /// <summary>Waits until requests see a generation, or a newer one.</summary>
    public Task EffectiveAsync(int generation) => Until.TrueAsync(() => Volatile.Read(ref _newest) >= generation, $"generation {generation} is in effect");

    /// <summary>Ends the requests.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_readers).WaitAsync(TestTimeouts.Default);
        _readers.Clear();
    }

    /// <summary>Sends requests again after <see cref="StopAsync"/>.</summary>
    public void Resume(int readers)
    {
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
        Read(readers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _invoker.Dispose();
        await Mesh.DisposeAsync();
    }

    private static string Cluster(int generation, char which) => $"cluster-{generation}-{which}";

    private static IEnumerable<Any> Clusters(int generation) => [XdsResources.Cluster(Cluster(generation, 'a')), XdsResources.Cluster(Cluster(generation, 'b'))];

    private static IEnumerable<Any> Endpoints(int generation, int count)
    {
        var addresses = Enumerable.Range(0, count).Select(endpoint => ("127.0.0.1", GenerationTransport.Port(generation, endpoint))).ToArray();
        return [XdsResources.Endpoints(Cluster(generation, 'a'), addresses), XdsResources.Endpoints(Cluster(generation, 'b'), addresses)];
    }

    private static Any Routes(string name, int generation, TimeSpan? timeout) => XdsResources.Routes(
        name,
        Stamped(XdsResources.Route("/a", Cluster(generation, 'a')), generation, timeout),
        Stamped(XdsResources.Route("/", (Cluster(generation, 'a'), 1u), (Cluster(generation, 'b'), 2u)), generation, timeout));

    private static Route Stamped(Route route, int generation, TimeSpan? timeout)
    {
        route.Route_.Timeout = Duration.FromTimeSpan(timeout ?? TimeSpan.Zero);
        route.RequestHeadersToAdd.Add(new HeaderValueOption
        {
            Header = new HeaderValue { Key = "x-route-generation", Value = generation.ToString(CultureInfo.InvariantCulture) },
        });
        return route;
    }

    private async Task RemoveAsync(int generation)
    {
        if (generation >= 0)
        {
            await Mesh.ControlPlane.RemoveAsync(ResourceTypes.Cluster, Cluster(generation, 'a'));
            await Mesh.ControlPlane.RemoveAsync(ResourceTypes.Cluster, Cluster(generation, 'b'));
            await Mesh.ControlPlane.RemoveAsync(ResourceTypes.ClusterLoadAssignment, Cluster(generation, 'a'));
            await Mesh.ControlPlane.RemoveAsync(ResourceTypes.ClusterLoadAssignment, Cluster(generation, 'b'));
        }
    }

    private void Read(int readers)
    {
        var stopping = _stopping.Token;
        for (var i = 0; i < readers; i++)
        {
            _readers.Add(Task.Run(() => ReadAsync(stopping), CancellationToken.None));
        }
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await SendAsync();
            }
            catch (Exception exception)
            {
                _faults.Enqueue(exception.ToString());
            }
        }
    }

    private async Task SendAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _random.Next(2) == 0 ? "http://orders/a" : "http://orders/b");
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        using var response = await _invoker.SendAsync(request, limit.Token);
        await response.Content.ReadAsStringAsync();
        var route = response.Headers.GetValues("x-route-generation").Single();
        var cluster = response.Headers.GetValues("x-cluster-generation").Single();
        Interlocked.Increment(ref _requests);
        if (route != cluster)
        {
            _faults.Enqueue($"routed by generation {route} to a cluster of generation {cluster}");
        }

        var seen = int.Parse(route, CultureInfo.InvariantCulture);
        for (var newest = Volatile.Read(ref _newest); seen > newest; newest = Volatile.Read(ref _newest))
        {
            Interlocked.CompareExchange(ref _newest, seen, newest);
        }
    }

    private void Shuffle(List<Any[]> steps)
    {
        for (var i = steps.Count - 1; i > 0; i--)
        {
            var j = (int)_random.Next((uint)i + 1);
            (steps[i], steps[j]) = (steps[j], steps[i]);
        }
    }
}
