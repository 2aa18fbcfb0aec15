using System.Runtime.CompilerServices;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Http;

/// <summary>An endpoint's locality as metrics and spans say it (<c>grpc.lb.locality</c>, gRFC A78), made once for each locality that is measured. Thread-safe.</summary>
internal static class LocalityLabel
{
    // Localities come and go with the configuration, and their labels with them.
    private static readonly ConditionalWeakTable<LocalityConfig, string> Labels = [];

    /// <summary>"If no locality information is available, the label will be set to the empty string." - gRFC A78</summary>
    /// <param name="config">Where the endpoint is, if that is known.</param>
    public static string Of(LocalityConfig? config)
        => config is null ? "" : Labels.TryGetValue(config, out var label) ? label : Labels.GetValue(config, static config => Format(config.Locality));

    private static string Format(Locality locality) => locality is { Region: null or "", Zone: null or "", SubZone: null or "" }
        ? ""
        : $"{{region=\"{locality.Region}\", zone=\"{locality.Zone}\", sub_zone=\"{locality.SubZone}\"}}";
}
