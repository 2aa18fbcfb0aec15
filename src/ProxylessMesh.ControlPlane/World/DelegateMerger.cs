using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>Puts the routes of delegate VirtualServices in the place of the routes that name them. Used once per configuration.</summary>
internal sealed class DelegateMerger
{
    private readonly MeshModel _model;
    private readonly ProblemCollector _problems;
    private readonly Dictionary<ResourceIdentity, VirtualService> _byName = [];
    private readonly HashSet<ResourceIdentity> _used = [];

    private DelegateMerger(MeshModel model, ProblemCollector problems)
    {
        _model = model;
        _problems = problems;
        foreach (var virtualService in model.VirtualServices)
        {
            _byName.TryAdd(virtualService.Identity, virtualService);
        }
    }

    /// <returns>The VirtualServices that have hosts, without delegates, in their order.</returns>
    public static ImmutableArray<VirtualService> Merge(MeshModel model, ProblemCollector problems)
    {
        var merger = new DelegateMerger(model, problems);
        var merged = model.VirtualServices.Where(root => !root.Hosts.IsEmpty).Select(merger.Resolve).ToImmutableArray();
        foreach (var leaf in model.VirtualServices.Where(candidate => candidate.Hosts.IsEmpty && !merger._used.Contains(candidate.Identity)))
        {
            problems.Warning(leaf.Identity, leaf.Source, "has no hosts, and no VirtualService delegates to it; it has no effect");
        }

        return merged;
    }

    private VirtualService Resolve(VirtualService root)
    {
        var http = ImmutableArray.CreateBuilder<HttpRoute>();
        foreach (var route in root.Http)
        {
            if (route.Delegate is not { } reference)
            {
                http.Add(route);
            }
            else if (Find(root.Identity, reference) is { } leaf)
            {
                http.AddRange(leaf.Http.Select(inner => Join(route, inner, leaf)).OfType<HttpRoute>());
            }
        }

        return root with { Http = http.ToImmutable() };
    }

    private VirtualService? Find(ResourceIdentity root, DelegateReference reference)
    {
        var name = root with { Namespace = reference.Namespace, Name = reference.Name };
        var leaf = _byName.GetValueOrDefault(name);
        var problem = leaf switch
        {
            null => $"there is no {name}; add it or correct the name",
            { Hosts.IsEmpty: false } => $"{name} has hosts of its own; a delegate must have none",
            _ when !(leaf.ExportTo ?? _model.Settings.VirtualServiceExportTo).Reaches(name.Namespace, root.Namespace)
                => $"{name} is not exported to namespace '{root.Namespace}'; add it to the delegate's exportTo",
            _ => null,
        };
        if (problem is not null)
        {
            _problems.Error(root, reference.Source, problem);
            return null;
        }

        _used.Add(name);
        return leaf;
    }

    private HttpRoute? Join(HttpRoute root, HttpRoute inner, VirtualService leaf)
    {
        if (inner.Delegate is { } nested)
        {
            _problems.Error(leaf.Identity, nested.Source, "a delegate must not delegate further; move the routes here");
            return null;
        }

        if (MatchMerger.Merge(root.Matches, inner.Matches) is not { } matches)
        {
            _problems.Warning(leaf.Identity, inner.Source, "its match and that of the route that delegates here exclude each other; this route has no effect");
            return null;
        }

        return inner with
        {
            Name = MatchMerger.JoinNames(root.Name, inner.Name),
            Matches = matches,
            Rewrite = inner.Rewrite ?? (inner.IsLocal ? null : root.Rewrite),
            Headers = Join(root.Headers, inner.Headers),
            Timeout = inner.Timeout ?? (inner.IsLocal ? null : root.Timeout),
            Retries = inner.Retries ?? root.Retries,
            Fault = inner.Fault ?? root.Fault,
            Mirrors = inner.Mirrors.IsEmpty ? root.Mirrors : inner.Mirrors,
            Cors = inner.Cors ?? root.Cors,
            Namespace = leaf.Identity.Namespace,
        };
    }

    private static HeaderOperations Join(HeaderOperations root, HeaderOperations leaf) => new()
    {
        Request = Join(root.Request, leaf.Request),
        Response = Join(root.Response, leaf.Response),
        Authority = leaf.Authority.Length > 0 ? leaf.Authority : root.Authority,
    };

    private static HeaderChanges Join(HeaderChanges root, HeaderChanges leaf) => new()
    {
        Set = root.Set.SetItems(leaf.Set),
        Add = root.Add.SetItems(leaf.Add),
        Remove = [.. root.Remove.Concat(leaf.Remove).Distinct(StringComparer.Ordinal)],
    };
}
