using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes both halves of balancing by hash: what a route hashes, and where its cluster looks the hash up.</summary>
internal static class HashTranslator
{
    public static RouteAction.Types.HashPolicy Policy(ConsistentHash hash)
    {
        var policy = new RouteAction.Types.HashPolicy();
        if (hash.Header is { } header)
        {
            policy.Header = new RouteAction.Types.HashPolicy.Types.Header { HeaderName = header };
        }
        else if (hash.Cookie is { } cookie)
        {
            policy.Cookie = new RouteAction.Types.HashPolicy.Types.Cookie { Name = cookie.Name, Path = cookie.Path, Ttl = cookie.Ttl?.ToDuration() };
            policy.Cookie.Attributes.AddRange(cookie.Attributes.Select(attribute
                => new RouteAction.Types.HashPolicy.Types.CookieAttribute { Name = attribute.Name, Value = attribute.Value }));
        }
        else if (hash.QueryParameter is { } parameter)
        {
            policy.QueryParameter = new RouteAction.Types.HashPolicy.Types.QueryParameter { Name = parameter };
        }
        else
        {
            policy.ConnectionProperties = new RouteAction.Types.HashPolicy.Types.ConnectionProperties { SourceIp = true };
        }

        return policy;
    }

    public static void Apply(ConsistentHash hash, Cluster cluster)
    {
        if (hash.IsMaglev)
        {
            cluster.LbPolicy = Cluster.Types.LbPolicy.Maglev;
            if (hash.MaglevTableSize is { } size)
            {
                cluster.MaglevLbConfig = new Cluster.Types.MaglevLbConfig { TableSize = (ulong)size };
            }
        }
        else
        {
            cluster.LbPolicy = Cluster.Types.LbPolicy.RingHash;
            cluster.RingHashLbConfig = new Cluster.Types.RingHashLbConfig { MinimumRingSize = (ulong)hash.MinRingSize };
        }
    }
}
