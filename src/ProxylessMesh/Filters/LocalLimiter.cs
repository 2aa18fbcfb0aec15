using System.Buffers;
using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>The tokens of one filter: those of descriptors, and those of all requests. Thread-safe; where there are tokens it allocates nothing.</summary>
internal sealed class LocalLimiter
{
    private readonly LocalRateLimitConfig _config;
    private readonly RateLimitOrigin _origin;
    private readonly TokenBucket? _default;

    /// <summary>By the hash of their entries.</summary>
    private readonly Dictionary<int, ImmutableArray<DescriptorBucket>> _descriptors = [];

    public LocalLimiter(LocalRateLimitConfig config, RateLimitOrigin origin, TimeProvider timeProvider)
    {
        _config = config;
        _origin = origin;
        _default = config.Bucket is null ? null : new TokenBucket(config.Bucket, timeProvider);
        foreach (var descriptor in config.Descriptors)
        {
            var entries = descriptor.Entries.Select(static entry => new DescriptorEntry(entry.Key, entry.Value)).ToImmutableArray();
            var hash = HashOf(entries.AsSpan());
            _descriptors[hash] = _descriptors.GetValueOrDefault(hash, []).Add(new DescriptorBucket(entries, new TokenBucket(descriptor.Bucket, timeProvider), descriptor.IsShadow));
        }
    }

    /// <summary>Takes the tokens of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">Where there was none, or else what tells most of the request's limits; <see langword="null"/> where it has none.</param>
    /// <returns>Whether there was a token wherever it needs one. What was taken until then is not put back (Envoy).</returns>
    public bool TryTake(in FilterRequest request, out TokenBucket? bucket)
    {
        if (_descriptors.Count == 0)
        {
            bucket = _default;
            return _default is null || _default.TryTake();
        }

        var matches = ArrayPool<DescriptorMatch>.Shared.Rent(CountOf(request.Route.RateLimits));
        try
        {
            return TryTake(matches.AsSpan(0, FindAll(in request, matches)), out bucket);
        }
        finally
        {
            ArrayPool<DescriptorMatch>.Shared.Return(matches, clearArray: true);
        }
    }

    private bool TryTake(Span<DescriptorMatch> matches, out TokenBucket? bucket)
    {
        // The one that fills slowest first: it is the one that refuses soonest.
        matches.Sort(static (x, y) => x.Bucket.Tokens.FillRate.CompareTo(y.Bucket.Tokens.FillRate));
        foreach (var match in matches)
        {
            if (!match.Bucket.Tokens.TryTake(match.Hits) && !match.Bucket.IsShadow)
            {
                bucket = match.Bucket.Tokens;
                return false;
            }
        }

        bucket = matches.IsEmpty ? _default : matches[0].Bucket.Tokens;
        if (_default is null || (!matches.IsEmpty && !_config.AlwaysTakesDefault) || _default.TryTake())
        {
            return true;
        }

        bucket = _default;
        return false;
    }

    private int CountOf(RouteRateLimits limits)
        => _config.RateLimits.IsEmpty ? limits.Route.Length + (limits.UsesVirtualHost(_config.VirtualHostLimits) ? limits.VirtualHost.Length : 0) : _config.RateLimits.Length;

    private int FindAll(in FilterRequest request, Span<DescriptorMatch> matches)
    {
        if (!_config.RateLimits.IsEmpty)
        {
            return FindAll(_config.RateLimits, stage: null, in request, matches);
        }

        var limits = request.Route.RateLimits;
        var count = FindAll(limits.Route, _config.Stage, in request, matches);
        return limits.UsesVirtualHost(_config.VirtualHostLimits) ? count + FindAll(limits.VirtualHost, _config.Stage, in request, matches[count..]) : count;
    }

    private int FindAll(ImmutableArray<RateLimitConfig> limits, uint? stage, in FilterRequest request, Span<DescriptorMatch> matches)
    {
        var count = 0;
        foreach (var limit in limits)
        {
            if (stage is null || limit.Stage == stage)
            {
                var entries = ArrayPool<DescriptorEntry>.Shared.Rent(limit.Actions.Length);
                if (Find(entries.AsSpan(0, RateLimitDescriptors.Write(limit, in request, _origin, entries))) is { } found)
                {
                    matches[count++] = new DescriptorMatch(found, limit.Hits ?? 1);
                }

                ArrayPool<DescriptorEntry>.Shared.Return(entries, clearArray: true);
            }
        }

        return count;
    }

    private DescriptorBucket? Find(ReadOnlySpan<DescriptorEntry> entries)
    {
        if (!entries.IsEmpty && _descriptors.TryGetValue(HashOf(entries), out var candidates))
        {
            foreach (var candidate in candidates)
            {
                if (entries.SequenceEqual(candidate.Entries.AsSpan()))
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    private static int HashOf(ReadOnlySpan<DescriptorEntry> entries)
    {
        var hash = default(HashCode);
        foreach (var entry in entries)
        {
            hash.Add(entry);
        }

        return hash.ToHashCode();
    }

    private sealed record DescriptorBucket(ImmutableArray<DescriptorEntry> Entries, TokenBucket Tokens, bool IsShadow);

    private readonly record struct DescriptorMatch(DescriptorBucket Bucket, ulong Hits);
}
