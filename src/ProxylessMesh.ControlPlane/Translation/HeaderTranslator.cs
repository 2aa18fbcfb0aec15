using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes header mutations: what is set before what is added, each in the order of its names, as istiod orders them.</summary>
internal static class HeaderTranslator
{
    /// <summary>Appends to what the route has already.</summary>
    public static void Apply(HeaderOperations operations, Route route)
    {
        Append(operations.Request, route.RequestHeadersToAdd, route.RequestHeadersToRemove);
        Append(operations.Response, route.ResponseHeadersToAdd, route.ResponseHeadersToRemove);
    }

    public static void Apply(HeaderOperations operations, WeightedCluster.Types.ClusterWeight cluster)
    {
        Append(operations.Request, cluster.RequestHeadersToAdd, cluster.RequestHeadersToRemove);
        Append(operations.Response, cluster.ResponseHeadersToAdd, cluster.ResponseHeadersToRemove);
        if (operations.Authority.Length > 0)
        {
            cluster.HostRewriteLiteral = operations.Authority;
        }
    }

    private static void Append(HeaderChanges changes, RepeatedField<HeaderValueOption> additions, RepeatedField<string> removals)
    {
        foreach (var (name, value) in changes.Set)
        {
            additions.Add(Option(name, value, HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd));
        }

        foreach (var (name, value) in changes.Add)
        {
            additions.Add(Option(name, value, HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd));
        }

        removals.AddRange(changes.Remove);
    }

    private static HeaderValueOption Option(string name, string value, HeaderValueOption.Types.HeaderAppendAction action)
        => new() { Header = new HeaderValue { Key = name, Value = value }, AppendAction = action };
}
