using System.Collections.Concurrent;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Options;
using ProxylessMesh.Http;

namespace ProxylessMesh.DependencyInjection;

/// <summary>
/// Turns <c>xds:</c> addresses of GrpcClientFactory clients into the <c>http</c> addresses that grpc-dotnet understands,
/// and remembers what they were.
/// </summary>
internal sealed class XdsAddressMapping : IPostConfigureOptions<GrpcClientFactoryOptions>
{
    private readonly ConcurrentDictionary<string, XdsTarget> _targets = new(StringComparer.Ordinal);

    public void PostConfigure(string? name, GrpcClientFactoryOptions options)
    {
        if (options.Address is { } address && XdsTarget.Parse(address) is { } target)
        {
            _targets[name ?? Options.DefaultName] = target;
            options.Address = target.HttpAddress;
        }
    }

    /// <summary>What a client's <c>xds:</c> address named, or <see langword="null"/>.</summary>
    public XdsTarget? FindTarget(string name) => _targets.GetValueOrDefault(name);
}
