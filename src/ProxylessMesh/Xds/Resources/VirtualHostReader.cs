using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a virtual host.</summary>
internal static class VirtualHostReader
{
    /// <param name="host">The message.</param>
    /// <param name="allDomains">The domains of the virtual hosts before this one; its own are added.</param>
    /// <param name="plugins">The cluster specifier plugins that were declared.</param>
    /// <param name="context">Takes the errors.</param>
    public static VirtualHostConfig Read(VirtualHost host, HashSet<string> allDomains, IReadOnlySet<string> plugins, DecodeContext context)
    {
        if (host.Name.Length == 0)
        {
            context.Error("name", "must not be empty");
        }

        CheckDomains(host.Domains, allDomains, context);
        CheckUnsupported(host, context);
        NoteWithoutEffect(host, context);
        var routes = ImmutableArray.CreateBuilder<RouteConfig>(host.Routes.Count);
        for (var i = 0; i < host.Routes.Count; i++)
        {
            using var scope = context.Enter("routes", i);
            if (RouteReader.Read(host.Routes[i], plugins, context) is { } route)
            {
                routes.Add(route);
            }
        }

        return new VirtualHostConfig(host.Name, [.. host.Domains], routes.ToImmutable());
    }

    private static void CheckDomains(RepeatedField<string> domains, HashSet<string> allDomains, DecodeContext context)
    {
        if (domains.Count == 0)
        {
            context.Error("domains", "must hold at least one domain");
        }

        for (var i = 0; i < domains.Count; i++)
        {
            using var scope = context.Enter("domains", i);
            var domain = domains[i];
            if (domain.Length == 0)
            {
                context.Error("", "must not be empty");
            }
            else if (domain.AsSpan().Count('*') > 1 || (domain.IndexOf('*', StringComparison.Ordinal) > 0 && domain[^1] != '*'))
            {
                context.Error("", $"'{domain}' may have one '*', at its beginning or at its end (gRFC A27)");
            }
            else if (!allDomains.Add(domain))
            {
                context.Error("", $"'{domain}' was given before: a domain belongs to one virtual host (gRFC A27)");
            }
        }
    }

    /// <summary>What would send requests elsewhere, or unprotected, if it were passed over.</summary>
    private static void CheckUnsupported(VirtualHost host, DecodeContext context)
    {
        if (host.Matcher is not null)
        {
            context.Error("matcher", "is not supported: give 'routes'");
        }

        if (host.RequireTls != VirtualHost.Types.TlsRequirementType.None)
        {
            context.Error("require_tls", $"{host.RequireTls} is not supported in this version");
        }
    }

    private static void NoteWithoutEffect(VirtualHost host, DecodeContext context)
    {
        HeaderMutationReader.Note(host.RequestHeadersToAdd.Count + host.RequestHeadersToRemove.Count, "request_headers_to_add", context);
        HeaderMutationReader.Note(host.ResponseHeadersToAdd.Count + host.ResponseHeadersToRemove.Count, "response_headers_to_add", context);
        HttpFilterReader.CheckOverrides(host.TypedPerFilterConfig, context);
        RetryPolicyReader.Note(host.RetryPolicy, context);
        if (host.HedgePolicy is not null)
        {
            context.WarnNoEffect("hedged requests", "hedge_policy");
        }

        if (host.RequestMirrorPolicies.Count > 0)
        {
            context.WarnNoEffect("mirrored requests", "request_mirror_policies");
        }
    }
}
