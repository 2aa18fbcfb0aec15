using System.Globalization;
using System.Threading.Channels;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Benchmarks.Policy;

/// <summary>A control plane in process that gives what is asked for by name, and never anything else.</summary>
internal sealed class FixedControlPlane(IEnumerable<IMessage> resources) : IControlPlane, IXdsTransport, IXdsStream
{
    private readonly Dictionary<string, Any> _resources = resources.ToDictionary(NameOf, Any.Pack, StringComparer.Ordinal);
    private readonly Dictionary<string, string> _asked = new(StringComparer.Ordinal);
    private readonly Channel<DiscoveryResponse> _responses = Channel.CreateUnbounded<DiscoveryResponse>();
    private int _version;

    public string ServerName => "benchmark";

    public Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
        => Task.FromResult(new ControlPlaneConnection(new XdsServerList([this], fallsBackOnReachabilityOnly: false), new Node { Id = "benchmark" }, "%s", null, static _ => false));

    public IXdsStream OpenStream(CancellationToken cancellationToken) => this;

    public ValueTask SendAsync(DiscoveryRequest request, CancellationToken cancellationToken)
    {
        var names = string.Join(',', request.ResourceNames.Order(StringComparer.Ordinal));
        if (request.ErrorDetail is not null)
        {
            throw new InvalidOperationException($"A resource was rejected: {request.ErrorDetail.Message}");
        }

        if (_asked.GetValueOrDefault(request.TypeUrl) != names)
        {
            _asked[request.TypeUrl] = names;
            var version = (++_version).ToString(CultureInfo.InvariantCulture);
            var response = new DiscoveryResponse { TypeUrl = request.TypeUrl, VersionInfo = version, Nonce = version };
            response.Resources.AddRange(request.ResourceNames.Select(name => _resources[$"{request.TypeUrl}/{name}"]));
            _responses.Writer.TryWrite(response);
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<DiscoveryResponse?> ReadAsync(CancellationToken cancellationToken) => await _responses.Reader.ReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string NameOf(IMessage resource) => resource switch
    {
        Listener listener => $"{ResourceTypes.Listener}/{listener.Name}",
        Cluster cluster => $"{ResourceTypes.Cluster}/{cluster.Name}",
        ClusterLoadAssignment endpoints => $"{ResourceTypes.ClusterLoadAssignment}/{endpoints.ClusterName}",
        _ => throw new ArgumentException($"There is no place for {resource.Descriptor.FullName}.", nameof(resource)),
    };
}
