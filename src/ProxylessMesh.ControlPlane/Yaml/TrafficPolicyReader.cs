using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>trafficPolicy</c> of a DestinationRule or a subset.</summary>
internal static class TrafficPolicyReader
{
    private static readonly string[] HashKeys = ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"];

    public static TrafficPolicy Read(FieldReader policy)
    {
        var result = new TrafficPolicy
        {
            LoadBalancer = policy.Object("loadBalancer", ReadLoadBalancer),
            RetryBudget = policy.Object("retryBudget", ReadRetryBudget),
        };
        policy.Finish("connectionPool", "outlierDetection", "tls", "portLevelSettings", "tunnel", "proxyProtocol");
        return result;
    }

    private static RetryBudget ReadRetryBudget(FieldReader budget)
    {
        var result = new RetryBudget(
            budget.Number("percent", 0, 100) ?? RetryBudget.DefaultPercent,
            (int)(budget.Integer("minRetryConcurrency", 0, int.MaxValue) ?? RetryBudget.DefaultMinConcurrency));
        budget.Finish();
        return result;
    }

    private static LoadBalancerChoice ReadLoadBalancer(FieldReader loadBalancer)
    {
        var simple = ReadSimple(loadBalancer);
        var hash = loadBalancer.Object("consistentHash", ReadHash);
        loadBalancer.Finish("localityLbSetting", "warmup", "warmupDurationSecs");
        if (loadBalancer.Has("simple") && loadBalancer.Has("consistentHash"))
        {
            loadBalancer.Error("consistentHash", "excludes 'simple'; remove one of them");
        }

        return new LoadBalancerChoice(simple, hash);
    }

    private static LoadBalancerKind? ReadSimple(FieldReader loadBalancer)
    {
        switch (loadBalancer.String("simple"))
        {
            case null or "UNSPECIFIED":
                return null;
            case "ROUND_ROBIN":
                return LoadBalancerKind.RoundRobin;
            case "LEAST_REQUEST" or "LEAST_CONN":
                return LoadBalancerKind.LeastRequest;
            case "RANDOM" or "PASSTHROUGH":
                loadBalancer.Error("simple", $"{loadBalancer.String("simple")} is not supported in this version; use ROUND_ROBIN or LEAST_REQUEST");
                return null;
            case { } other:
                loadBalancer.Error("simple", $"must be one of ROUND_ROBIN, LEAST_REQUEST, LEAST_CONN, UNSPECIFIED, not '{other}'");
                return null;
        }
    }

    private static ConsistentHash ReadHash(FieldReader hash)
    {
        var maglev = hash.Object("maglev", fields => ReadSize(fields, "tableSize"));
        var ring = hash.Object("ringHash", fields => ReadSize(fields, "minimumRingSize"));
        var olderSize = hash.Integer("minimumRingSize", 1, long.MaxValue);
        var result = new ConsistentHash
        {
            Header = hash.Has("httpHeaderName") ? hash.RequiredString("httpHeaderName") : null,
            Cookie = hash.Object("httpCookie", ReadCookie),
            IsSourceIp = hash.Boolean("useSourceIp"),
            QueryParameter = hash.Has("httpQueryParameterName") ? hash.RequiredString("httpQueryParameterName") : null,
            MinRingSize = ring?.Value ?? olderSize ?? ConsistentHash.DefaultMinRingSize,
            IsMaglev = maglev is not null,
            MaglevTableSize = maglev?.Value,
        };
        hash.Finish();
        if (HashKeys.Count(hash.Has) != 1)
        {
            hash.Error(hash.Self, $"must hold exactly one of {string.Join(", ", HashKeys)}");
        }

        if (maglev is not null && ring is not null)
        {
            hash.Error("ringHash", "excludes 'maglev'; remove one of them");
        }

        return result;
    }

    private static HashCookie ReadCookie(FieldReader cookie)
    {
        var attributes = ImmutableArray.CreateBuilder<(string, string)>();
        cookie.Objects("attributes", attribute =>
        {
            attributes.Add((attribute.RequiredString("name"), attribute.String("value") ?? ""));
            attribute.Finish();
            return attribute;
        });
        var result = new HashCookie(cookie.RequiredString("name"), cookie.String("path") ?? "", DurationFieldReader.Read(cookie, "ttl"), attributes.ToImmutable());
        cookie.Finish();
        return result;
    }

    private static Size ReadSize(FieldReader fields, string key)
    {
        var size = fields.Integer(key, 1, long.MaxValue);
        fields.Finish();
        return new Size(size);
    }

    /// <summary>A size that may be left open, as the object that <see cref="FieldReader.Object"/> hands through.</summary>
    private sealed record Size(long? Value);
}
