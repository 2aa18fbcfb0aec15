using System.Collections.Immutable;
using Envoy.Config.Cluster.V3;
using Envoy.Extensions.LoadBalancingPolicies.Common.V3;
using Envoy.Extensions.LoadBalancingPolicies.Maglev.V3;
using Envoy.Extensions.LoadBalancingPolicies.RingHash.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads ring hash and Maglev, as a cluster's own fields and as policies. Both come to the same.</summary>
internal static class HashingReader
{
    // "RING_HASH ... the local cap defaults to 4096" - gRFC A42. It protects a client from what an Envoy can afford.
    private const uint GrpcRingCap = 4096;

    public static RingHashConfig? ReadRing(Cluster cluster, DecodeContext context)
    {
        var config = cluster.RingHashLbConfig;
        return ReadRing(
            new RingFields(
                "ring_hash_lb_config.",
                config?.MinimumRingSize,
                config?.MaximumRingSize,
                config is null || config.HashFunction == Cluster.Types.RingHashLbConfig.Types.HashFunction.XxHash,
                config?.HashFunction == Cluster.Types.RingHashLbConfig.Types.HashFunction.MurmurHash2,
                config?.HashFunction.ToString() ?? ""),
            ReadCommon(cluster, context),
            context);
    }

    public static MaglevConfig? ReadMaglev(Cluster cluster, DecodeContext context)
        => ReadMaglev(cluster.MaglevLbConfig?.TableSize, "maglev_lb_config.table_size", ReadCommon(cluster, context), context);

    /// <param name="any">Of the type RingHash.</param>
    /// <param name="weighsLocalities">Whether a policy round it weighs localities.</param>
    /// <param name="context">Takes the errors.</param>
    public static RingHashConfig? ReadRing(Any any, bool weighsLocalities, DecodeContext context)
    {
        if (!ResourceReader.TryUnpack(any, RingHash.Parser, context, out var ring))
        {
            return null;
        }

        // The fields of its own are the older ones; they stand back where the common ones are given.
        var common = ring.ConsistentHashingLbConfig is not null
            ? ReadCommon(ring.ConsistentHashingLbConfig, "consistent_hashing_lb_config", weighsLocalities || ring.LocalityWeightedLbConfig is not null, context)
            : new ConsistentHashingFields(ring.UseHostnameForHashing, ReadBalanceFactor(ring.HashBalanceFactor, "hash_balance_factor", context), weighsLocalities || ring.LocalityWeightedLbConfig is not null, []);
        return ReadRing(
            new RingFields(
                "",
                ring.MinimumRingSize,
                ring.MaximumRingSize,
                ring.HashFunction is RingHash.Types.HashFunction.DefaultHash or RingHash.Types.HashFunction.XxHash,
                ring.HashFunction == RingHash.Types.HashFunction.MurmurHash2,
                ring.HashFunction.ToString()),
            common,
            context);
    }

    /// <inheritdoc cref="ReadRing(Any, bool, DecodeContext)"/>
    public static MaglevConfig? ReadMaglev(Any any, bool weighsLocalities, DecodeContext context)
        => ResourceReader.TryUnpack(any, Maglev.Parser, context, out var maglev)
            ? ReadMaglev(
                maglev.TableSize,
                "table_size",
                ReadCommon(maglev.ConsistentHashingLbConfig, "consistent_hashing_lb_config", weighsLocalities || maglev.LocalityWeightedLbConfig is not null, context),
                context)
            : null;

    private static RingHashConfig? ReadRing(RingFields fields, ConsistentHashingFields common, DecodeContext context)
    {
        var minimum = fields.MinimumSize ?? RingHashConfig.DefaultMinSize;
        var maximum = fields.MaximumSize ?? RingHashConfig.SizeLimit;
        var isRight = CheckLimit(minimum, RingHashConfig.SizeLimit, $"{fields.Path}minimum_ring_size", context)
            & CheckLimit(maximum, RingHashConfig.SizeLimit, $"{fields.Path}maximum_ring_size", context);
        if (isRight && minimum > maximum)
        {
            context.Error($"{fields.Path}minimum_ring_size", $"{minimum} must not exceed maximum_ring_size, which is {maximum}");
            isRight = false;
        }

        if (!fields.IsXxHash && !(fields.IsMurmur && context.Dialect == XdsDialect.Envoy))
        {
            context.Error($"{fields.Path}hash_function", $"{fields.Function} is not supported: give XX_HASH (gRFC A42)");
            isRight = false;
        }

        if (!isRight)
        {
            return null;
        }

        var cap = context.Dialect == XdsDialect.Grpc ? GrpcRingCap : RingHashConfig.SizeLimit;
        return new RingHashConfig((uint)Math.Clamp(minimum, 1, cap), (uint)Math.Clamp(maximum, 1, cap))
        {
            Function = fields.IsMurmur ? RingHashFunction.MurmurHash2 : RingHashFunction.XxHash64,
            UsesHostname = common.UsesHostname,
            BalanceFactor = common.BalanceFactor,
            WeighsLocalities = common.WeighsLocalities,
            HashPolicies = common.HashPolicies,
        };
    }

    private static MaglevConfig? ReadMaglev(ulong? size, string field, ConsistentHashingFields common, DecodeContext context)
    {
        var tableSize = size ?? MaglevConfig.DefaultTableSize;
        if (!CheckLimit(tableSize, MaglevConfig.SizeLimit, field, context))
        {
            return null;
        }

        if (!IsPrime((uint)tableSize))
        {
            context.Error(field, $"{tableSize} must be a prime number");
            return null;
        }

        return new MaglevConfig((uint)tableSize)
        {
            UsesHostname = common.UsesHostname,
            BalanceFactor = common.BalanceFactor,
            WeighsLocalities = common.WeighsLocalities,
            HashPolicies = common.HashPolicies,
        };
    }

    private static ConsistentHashingFields ReadCommon(Cluster cluster, DecodeContext context)
    {
        var common = cluster.CommonLbConfig;
        return new ConsistentHashingFields(
            common?.ConsistentHashingLbConfig?.UseHostnameForHashing == true,
            ReadBalanceFactor(common?.ConsistentHashingLbConfig?.HashBalanceFactor, "common_lb_config.consistent_hashing_lb_config.hash_balance_factor", context),
            LoadBalancerReader.WeighsLocalities(cluster, context),
            []);
    }

    private static ConsistentHashingFields ReadCommon(ConsistentHashingLbConfig? common, string field, bool weighsLocalities, DecodeContext context)
    {
        using var scope = context.Enter(field);
        return new ConsistentHashingFields(
            common?.UseHostnameForHashing == true,
            ReadBalanceFactor(common?.HashBalanceFactor, "hash_balance_factor", context),
            weighsLocalities,
            common is null ? [] : HashPolicyReader.Read(common.HashPolicy, context));
    }

    private static uint? ReadBalanceFactor(uint? factor, string field, DecodeContext context)
    {
        if (factor < HashingConfig.MinBalanceFactor)
        {
            context.Error(field, $"{factor} must be at least {HashingConfig.MinBalanceFactor} (percent of an even share)");
        }

        return factor;
    }

    private static bool CheckLimit(ulong size, uint limit, string field, DecodeContext context)
    {
        if (size > limit)
        {
            context.Error(field, $"{size} must not exceed {limit}");
        }

        return size <= limit;
    }

    private static bool IsPrime(uint number)
    {
        if (number < 2)
        {
            return false;
        }

        for (var divisor = 2U; divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A ring as either message gives it.</summary>
    private readonly record struct RingFields(string Path, ulong? MinimumSize, ulong? MaximumSize, bool IsXxHash, bool IsMurmur, string Function);

    /// <summary>What ring hash and Maglev have in common, as any message gives it.</summary>
    private readonly record struct ConsistentHashingFields(bool UsesHostname, uint? BalanceFactor, bool WeighsLocalities, ImmutableArray<HashPolicyConfig> HashPolicies);
}
