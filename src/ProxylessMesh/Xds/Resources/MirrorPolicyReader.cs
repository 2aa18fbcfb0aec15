using System.Collections.Immutable;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;
using Message = Envoy.Config.Route.V3.RouteAction.Types.RequestMirrorPolicy;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads where requests go as well.</summary>
internal static class MirrorPolicyReader
{
    public static ImmutableArray<MirrorPolicyConfig> Read(RepeatedField<Message> policies, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<MirrorPolicyConfig>(policies.Count);
        for (var i = 0; i < policies.Count; i++)
        {
            using var scope = context.Enter("request_mirror_policies", i);
            read.Add(Read(policies[i], context));
        }

        return read.DrainToImmutable();
    }

    private static MirrorPolicyConfig Read(Message policy, DecodeContext context)
    {
        if (policy.Cluster.Length == 0 == (policy.ClusterHeader.Length == 0))
        {
            context.Error("cluster", "must not be empty; or give 'cluster_header' alone");
        }

        var host = RewriteReader.ReadLiteralHost(policy.HostRewriteLiteral, context);
        return new MirrorPolicyConfig
        {
            ClusterName = policy.Cluster,
            ClusterHeader = policy.ClusterHeader.Length > 0 ? HeaderMutationReader.ReadReference(policy.ClusterHeader, "cluster_header", context) : null,
            Fraction = RouteMatchReader.ReadFraction(policy.RuntimeFraction, context),
            HostRewrite = host,
            AppendsShadowSuffix = !policy.DisableShadowHostSuffixAppend && host is null,
            IsTraced = policy.TraceSampled ?? true,
        };
    }
}
