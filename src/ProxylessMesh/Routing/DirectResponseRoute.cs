using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>A route that answers by itself (<c>DirectResponseAction</c>).</summary>
internal sealed class DirectResponseRoute<TCluster>(RouteConfig config, DirectResponseActionConfig action, HeaderMutations headers) : Route<TCluster>(config)
    where TCluster : class
{
    public int Status => action.Status;

    public string Body => action.Body;

    public HeaderMutations Headers => headers;
}
