using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>
/// Turns Gateway API routes into VirtualServices, as istiod does it: one per Service, port and reach, with the rules of all
/// its routes in the Gateway API's order. A route in the Service's namespace is for every client; one in another namespace
/// is for the clients of that namespace, and beats the first.
/// </summary>
internal static class GatewayRouteConverter
{
    private const int FailureStatus = 500;

    /// <summary>The subset that no service has: a cluster that never comes.</summary>
    private const string NotPermitted = "not-permitted";

    public static ImmutableArray<VirtualService> Convert(MeshModel model, ImmutableArray<MeshService> services, ProblemCollector problems)
    {
        var targets = new Dictionary<(string Host, int Port, string? Consumer), List<(GatewayRoute Route, HttpRoute Http)>>();
        foreach (var route in model.GatewayRoutes)
        {
            var http = Convert(route, model, services, problems);
            foreach (var parent in route.Parents)
            {
                foreach (var target in TargetsOf(route, parent, services, problems))
                {
                    if (!targets.TryGetValue(target, out var rules))
                    {
                        targets[target] = rules = [];
                    }

                    rules.AddRange(http.Select(rule => (route, rule)));
                }
            }
        }

        return [.. targets.Select(pair => ToVirtualService(pair.Key, pair.Value))];
    }

    private static VirtualService ToVirtualService((string Host, int Port, string? Consumer) target, List<(GatewayRoute Route, HttpRoute Http)> rules)
    {
        var first = rules[0].Route.Identity;
        return new VirtualService
        {
            Identity = first with { Name = string.Create(CultureInfo.InvariantCulture, $"{first.Name}~{target.Port}~{target.Host}") },
            Hosts = [new HostReference(target.Host, default)],
            Http = [.. rules.Select(rule => rule.Http).OrderBy(rule => rule.Matches[0], GatewayMatchOrder.Instance)], // stable
            ExportTo = target.Consumer is null ? ExportScope.Everyone : ExportScope.OwnNamespace,
            Port = target.Port,
        };
    }

    private static IEnumerable<(string Host, int Port, string? Consumer)> TargetsOf(
        GatewayRoute route,
        GatewayParent parent,
        ImmutableArray<MeshService> services,
        ProblemCollector problems)
    {
        var host = ServiceNames.FullName(parent.Name, parent.Namespace);
        if (services.FirstOrDefault(service => service.Host == host) is not { } service)
        {
            problems.Error(route.Identity, parent.Source, $"there is no Service {parent.Namespace}/{parent.Name}; add it or correct the name");
            return [];
        }

        if (parent.Port is int number && service.FindPort(number) is null)
        {
            problems.Error(route.Identity, parent.Source, $"'{host}' has no port {number}; its ports: {string.Join(", ", service.Ports.Select(port => port.Number))}");
            return [];
        }

        var consumer = route.Identity.Namespace == parent.Namespace ? null : route.Identity.Namespace;
        return service.Ports.Where(port => parent.Port is null || parent.Port == port.Number).Select(port => (host, port.Number, consumer));
    }

    // Matches of one rule are ranked one by one, so each becomes a route of its own, all under the rule's name.
    private static List<HttpRoute> Convert(GatewayRoute route, MeshModel model, ImmutableArray<MeshService> services, ProblemCollector problems)
    {
        var converted = new List<HttpRoute>();
        for (var i = 0; i < route.Rules.Length; i++)
        {
            var rule = route.Rules[i];
            var destinations = rule.Backends.Select(backend => ToDestination(route, backend, model, services, problems)).ToImmutableArray();
            var mirrors = rule.Mirrors.Select(mirror => new HttpMirror(ToDestination(route, mirror.Backend, model, services, problems), mirror.Share)).ToImmutableArray();
            var isLost = rule.Redirect is null && destinations.Sum(destination => (long)destination.Weight) == 0;
            foreach (var match in rule.Matches)
            {
                converted.Add(new HttpRoute
                {
                    Name = string.Create(CultureInfo.InvariantCulture, $"{route.Identity.Namespace}.{route.Identity.Name}.{i}"),
                    Matches = [match],
                    Headers = rule.Headers,
                    Redirect = rule.Redirect,
                    DirectResponse = isLost ? new HttpDirectResponse(FailureStatus, null) : null,
                    Destinations = isLost || rule.Redirect is not null ? [] : destinations,
                    Rewrite = isLost || rule.Rewrite is null ? null : ToRewrite(rule.Rewrite, match),
                    Timeout = rule.Timeout,
                    Retries = rule.Retries,
                    Mirrors = isLost || rule.Redirect is not null ? [] : mirrors,
                    Cors = rule.Cors,
                    AnswersMissingBackend = true,
                });
            }
        }

        return converted;
    }

    private static RouteDestination ToDestination(
        GatewayRoute route,
        GatewayBackend backend,
        MeshModel model,
        ImmutableArray<MeshService> services,
        ProblemCollector problems)
    {
        var host = ServiceNames.FullName(backend.Name, backend.Namespace);
        var isPermitted = backend.Namespace == route.Identity.Namespace || model.ReferenceGrants.Any(grant => Permits(grant, route, backend));
        if (!isPermitted)
        {
            problems.Warning(route.Identity, backend.Source, $"no ReferenceGrant in namespace '{backend.Namespace}' lets {route.Identity.Kind}s of '{route.Identity.Namespace}' lead to it; its requests fail with 500");
        }
        else if (services.FirstOrDefault(service => service.Host == host)?.FindPort(backend.Port) is null)
        {
            problems.Warning(route.Identity, backend.Source, $"there is no Service {backend.Namespace}/{backend.Name} with port {backend.Port}; its requests fail with 500");
        }

        return new RouteDestination
        {
            Source = backend.Source,
            Host = host,
            Port = backend.Port,
            Weight = backend.Weight,
            Subset = isPermitted ? "" : NotPermitted,
            Headers = backend.Headers,
        };
    }

    private static bool Permits(ReferenceGrant grant, GatewayRoute route, GatewayBackend backend)
        => grant.Identity.Namespace == backend.Namespace
            && grant.From.Contains((route.Identity.Kind, route.Identity.Namespace))
            && (grant.Services.IsEmpty || grant.Services.Contains(backend.Name));

    private static HttpRewrite ToRewrite(GatewayRewrite rewrite, HttpMatch match)
    {
        if (rewrite.FullPath is { } full)
        {
            return new HttpRewrite { Authority = rewrite.Authority, UriRegex = new RegexSubstitution("/.*", full) };
        }

        var prefix = match.Uri is { Kind: StringMatchKind.PathPrefix } uri ? uri.Value : "";
        return rewrite.PrefixPath switch
        {
            null => new HttpRewrite { Authority = rewrite.Authority },

            // Taking a prefix away must leave exactly one slash, whether or not the prefix was all there was.
            "/" => new HttpRewrite { Authority = rewrite.Authority, UriRegex = new RegexSubstitution($"^{Quote(prefix)}(/?)(.*)", @"/\2") },
            { } path => new HttpRewrite { Authority = rewrite.Authority, Uri = path },
        };
    }

    // Literal text in RE2's syntax.
    private static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (@"\.+*?()|[]{}^$".Contains(character, StringComparison.Ordinal))
            {
                quoted.Append('\\');
            }

            quoted.Append(character);
        }

        return quoted.ToString();
    }
}
