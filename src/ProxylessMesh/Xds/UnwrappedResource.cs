using System.Diagnostics.CodeAnalysis;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Xds;

/// <summary>One resource of a response, out of the <c>envoy.service.discovery.v3.Resource</c> that it may come in.</summary>
/// <param name="Bytes">The resource; <see langword="null"/> in a heartbeat, which only renews the time to live (xDS transport protocol).</param>
/// <param name="Name">The wrapper's name; empty without a wrapper.</param>
/// <param name="TimeToLive">How long it may be used unless it comes again; <see langword="null"/>: for good.</param>
internal readonly record struct UnwrappedResource(ByteString? Bytes, string Name, TimeSpan? TimeToLive)
{
    // As long as a timer can run. Whoever gives a resource longer than this does not mean it to end.
    private static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(49);

    /// <param name="any">As it stands in the response.</param>
    /// <param name="typeUrl">The type of the response.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryUnwrap(Any any, string typeUrl, out UnwrappedResource resource, [NotNullWhen(false)] out string? error)
    {
        resource = new UnwrappedResource(any.Value, Name: "", TimeToLive: null);
        error = null;
        if (any.TypeUrl == typeUrl)
        {
            return true;
        }

        if (any.TypeUrl != ResourceTypes.Wrapper)
        {
            error = OtherType(any.TypeUrl, typeUrl);
            return false;
        }

        if (!ResourceReader.TryParse(any.Value, Resource.Parser, out var wrapper, out error))
        {
            return false;
        }

        var name = wrapper.Name.Length > 0 ? wrapper.Name : wrapper.ResourceName?.Name ?? "";
        if (wrapper.Ttl is { } ttl && (ttl.Seconds < 0 || ttl.Nanos < 0 || (ttl.Seconds == 0 && ttl.Nanos == 0)))
        {
            error = $"resource '{name}': ttl: must be greater than 0";
            return false;
        }

        var isHeartbeat = wrapper.Resource_ is null && wrapper.Ttl is not null && name.Length > 0;
        if (!isHeartbeat && wrapper.Resource_?.TypeUrl != typeUrl)
        {
            error = OtherType(wrapper.Resource_?.TypeUrl ?? "", typeUrl);
            return false;
        }

        resource = new UnwrappedResource(wrapper.Resource_?.Value, name, ReadTimeToLive(wrapper.Ttl));
        return true;
    }

    private static TimeSpan? ReadTimeToLive(Duration? ttl)
        => ttl is null || ttl.Seconds >= (long)MaxTimeToLive.TotalSeconds ? null : TimeSpan.FromSeconds(ttl.Seconds) + TimeSpan.FromMicroseconds(ttl.Nanos / 1000);

    private static string OtherType(string given, string expected) => $"a resource of type '{given}' stands in a response of type '{expected}'";
}
