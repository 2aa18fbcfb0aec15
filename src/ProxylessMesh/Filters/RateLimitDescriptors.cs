using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>One entry of a descriptor.</summary>
internal readonly record struct DescriptorEntry(string Key, string Value);

/// <summary>
/// Writes down what a request is counted as. A part that it does not have takes the whole descriptor with it, unless that part may be left out. Stateless.
/// </summary>
internal static class RateLimitDescriptors
{
    private const int ByteBits = 8;

    /// <summary>Writes the entries of one descriptor.</summary>
    /// <param name="limit">What it is made of.</param>
    /// <param name="request">The request.</param>
    /// <param name="origin">Who sends it.</param>
    /// <param name="entries">Takes the entries: as many as there are actions, or fewer.</param>
    /// <returns>How many entries there are; 0 when there is no descriptor.</returns>
    public static int Write(RateLimitConfig limit, in FilterRequest request, RateLimitOrigin origin, Span<DescriptorEntry> entries)
    {
        var headers = request.Headers;
        var count = 0;
        foreach (var action in limit.Actions)
        {
            switch (Find(action, in request, in headers, origin, out var entry))
            {
                case EntryOutcome.Written:
                    entries[count++] = entry;
                    break;
                case EntryOutcome.Missing:
                    return 0;
            }
        }

        return count;
    }

    /// <summary>The limit that takes the place of the service's own, where filters before have noted one.</summary>
    public static RateLimitOverride? OverrideOf(RateLimitConfig limit, HttpRequestMessage request)
    {
        if (limit.LimitOverride is not { } path || RequestMetadata.Of(request)?.Find(path.Filter, path.Path) is not JsonObject found)
        {
            return null;
        }

        return found["requests_per_unit"] is JsonValue requests && requests.TryGetValue<double>(out var number) && number is >= 0 and <= uint.MaxValue
            && found["unit"] is JsonValue name && name.TryGetValue<string>(out var unitName)
            && Enum.TryParse<RateLimitUnit>(unitName, ignoreCase: true, out var unit) && unit != RateLimitUnit.Unknown
                ? new RateLimitOverride((uint)number, unit)
                : null;
    }

    private static EntryOutcome Find(RateLimitActionConfig action, in FilterRequest request, in RequestHeaders headers, RateLimitOrigin origin, out DescriptorEntry entry)
    {
        switch (action)
        {
            case SourceClusterActionConfig:
                return Written("source_cluster", origin.Cluster, out entry);
            case DestinationClusterActionConfig:
                return Written("destination_cluster", request.ClusterName, out entry);
            case RemoteAddressActionConfig:
                return Written("remote_address", origin.Address, out entry);
            case MaskedAddressActionConfig masked:
                return Written("masked_remote_address", Mask(origin.IPAddress, masked), out entry);
            case GenericKeyActionConfig generic:
                return Written(generic.Key, generic.Value, out entry);
            case HeaderActionConfig header:
                return headers.GetHeader(header.Name) is [{ } first, ..] ? Present(header.Key, first.Trim(' ', '\t'), out entry) : Absent(header.SkipIfAbsent, out entry);
            case QueryActionConfig query:
                return RequestPath.TryGetParameter(QueryOf(in headers), query.Name, out var raw) ? Present(query.Key, Decode(raw), out entry) : Absent(query.SkipIfAbsent, out entry);
            case HeaderMatchActionConfig match:
                return Written(match.Key, IsMatch(match.Headers, in headers) == match.ExpectsMatch ? match.Value : "", out entry);
            case QueryMatchActionConfig match:
                return Written(match.Key, IsMatch(match.Parameters, QueryOf(in headers)) == match.ExpectsMatch ? match.Value : "", out entry);
            case MetadataActionConfig metadata:
                return Metadata(metadata.Key, Text(RequestMetadata.Of(request.Message)?.Find(metadata.Path.Filter, metadata.Path.Path)), metadata.Default, metadata.SkipIfAbsent, out entry);
            case RouteMetadataActionConfig metadata:
                return Metadata(metadata.Key, request.Route.RateLimits.Metadata.Find(metadata.Path), metadata.Default, metadata.SkipIfAbsent, out entry);
            default:
                return Absent(skips: false, out entry);
        }
    }

    private static EntryOutcome Metadata(string key, string? value, string fallback, bool skips, out DescriptorEntry entry)
    {
        var found = string.IsNullOrEmpty(value) ? fallback : value;
        return found.Length > 0 ? Present(key, found, out entry) : Absent(skips, out entry);
    }

    /// <summary>A value that is empty stands for none.</summary>
    private static EntryOutcome Written(string key, string value, out DescriptorEntry entry)
        => value.Length > 0 ? Present(key, value, out entry) : Absent(skips: false, out entry);

    private static EntryOutcome Present(string key, string value, out DescriptorEntry entry)
    {
        entry = new DescriptorEntry(key, value);
        return EntryOutcome.Written;
    }

    private static EntryOutcome Absent(bool skips, out DescriptorEntry entry)
    {
        entry = default;
        return skips ? EntryOutcome.Skipped : EntryOutcome.Missing;
    }

    private static bool IsMatch(ImmutableArray<HeaderMatcher> matchers, in RequestHeaders headers)
    {
        foreach (var matcher in matchers)
        {
            if (!matcher.IsMatch(headers.GetHeader(matcher.Name)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsMatch(ImmutableArray<QueryParameterMatcher> matchers, ReadOnlySpan<char> query)
    {
        foreach (var matcher in matchers)
        {
            // Unlike the conditions of routes, those of limits see the value decoded (Envoy).
            var isMatch = matcher.Value is { } value
                ? RequestPath.TryGetParameter(query, matcher.Name, out var raw) && value.IsMatch(Decode(raw))
                : matcher.IsMatch(query);
            if (!isMatch)
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<char> QueryOf(in RequestHeaders headers) => RequestPath.QueryOf(headers.GetHeader(":path").ToString());

    private static string Decode(ReadOnlySpan<char> raw) => Uri.UnescapeDataString(raw);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <returns>The network as in <c>203.0.0.0/16</c>; empty where the address is none.</returns>
    private static string Mask(IPAddress? address, MaskedAddressActionConfig masked)
    {
        if (address is null)
        {
            return "";
        }

        var bytes = address.GetAddressBytes();
        var length = bytes.Length == 4 ? masked.V4Length : masked.V6Length;
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - (i * ByteBits), 0, ByteBits);
            bytes[i] &= (byte)(0xFF << (ByteBits - kept));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(bytes)}/{length}");
    }

    private enum EntryOutcome
    {
        Written,
        Skipped,
        Missing,
    }
}
