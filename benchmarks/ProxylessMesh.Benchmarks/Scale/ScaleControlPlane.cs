using System.Diagnostics;
using System.Threading.Channels;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Benchmarks.Scale;

/// <summary>A control plane in process with one listener, whose routes lead to many clusters; it gives what is asked for as bytes made beforehand.</summary>
internal sealed class ScaleControlPlane(int clusters, int endpointsPerCluster) : IControlPlane, IXdsTransport, IXdsStream
{
    public const string Listener = "all";

    private readonly Channel<byte[]> _responses = Channel.CreateUnbounded<byte[]>();
    private readonly byte[] _listeners = Response(ResourceTypes.Listener, [new Listener
    {
        Name = Listener,
        ApiListener = new ApiListener
        {
            ApiListener_ = Any.Pack(new HttpConnectionManager
            {
                Rds = new Rds { RouteConfigName = Listener, ConfigSource = new ConfigSource { Ads = new AggregatedConfigSource() } },
                HttpFilters = { new HttpFilter { Name = "router", TypedConfig = Any.Pack(new Router()) } },
            }),
        },
    }]);

    private readonly byte[] _routes = Response(ResourceTypes.RouteConfiguration, [new RouteConfiguration
    {
        Name = Listener,
        VirtualHosts = { Names(clusters).Select(static name => new VirtualHost
        {
            Name = name,
            Domains = { name, $"{name}.shop", $"{name}.shop.svc.cluster.local" },
            Routes = { new Route { Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { Cluster = name, Timeout = new Duration() } } },
        }) },
    }]);

    private readonly byte[] _clusters = Response(ResourceTypes.Cluster, Names(clusters).Select(static name => new Cluster
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = new ConfigSource { Ads = new AggregatedConfigSource() } },
        ConnectTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(10)),
    }));

    private readonly byte[] _endpoints = Response(ResourceTypes.ClusterLoadAssignment, Enumerable.Range(0, clusters).Select(i => Endpoints(i, endpointsPerCluster, port: 8080)));

    /// <summary>When the first response was read.</summary>
    public long FirstRead { get; private set; }

    /// <summary>How many bytes the responses have.</summary>
    public long Bytes => _listeners.Length + _routes.Length + _clusters.Length + (long)_endpoints.Length;

    public string ServerName => "benchmark";

    public Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
        => Task.FromResult(new ControlPlaneConnection([this], new Node { Id = "benchmark" }, "%s", null, static _ => false));

    public IXdsStream OpenStream(CancellationToken cancellationToken) => this;

    /// <summary>Sends one cluster's endpoints anew, with other ports.</summary>
    public void Change(int cluster, uint port) => _responses.Writer.TryWrite(Response(ResourceTypes.ClusterLoadAssignment, [Endpoints(cluster, endpointsPerCluster, port)]));

    public ValueTask SendAsync(DiscoveryRequest request, CancellationToken cancellationToken)
    {
        // Each type is asked for once here; later requests acknowledge.
        if (request.ResponseNonce.Length == 0)
        {
            _responses.Writer.TryWrite(request.TypeUrl switch
            {
                ResourceTypes.Listener => _listeners,
                ResourceTypes.RouteConfiguration => _routes,
                ResourceTypes.Cluster => _clusters,
                _ => _endpoints,
            });
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<DiscoveryResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        var bytes = await _responses.Reader.ReadAsync(cancellationToken);
        FirstRead = FirstRead == 0 ? Stopwatch.GetTimestamp() : FirstRead;
        return DiscoveryResponse.Parser.ParseFrom(bytes);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<string> Names(int clusters) => Enumerable.Range(0, clusters).Select(static i => $"service-{i:00000}");

    private static ClusterLoadAssignment Endpoints(int cluster, int count, uint port) => new()
    {
        ClusterName = $"service-{cluster:00000}",
        Endpoints =
        {
            new LocalityLbEndpoints
            {
                Locality = new Locality { Region = "eu", Zone = $"eu-{cluster % 3}", SubZone = "a" },
                LoadBalancingWeight = 1,
                LbEndpoints =
                {
                    Enumerable.Range(0, count).Select(i => new LbEndpoint
                    {
                        Endpoint = new Endpoint
                        {
                            Address = new Address { SocketAddress = new SocketAddress { Address = $"10.{cluster >> 8}.{cluster & 255}.{i + 1}", PortValue = port } },
                        },
                    }),
                },
            },
        },
    };

    private static byte[] Response(string typeUrl, IEnumerable<IMessage> resources)
    {
        var response = new DiscoveryResponse { TypeUrl = typeUrl, VersionInfo = "1", Nonce = "1" };
        response.Resources.AddRange(resources.Select(Any.Pack));
        return response.ToByteArray();
    }
}
