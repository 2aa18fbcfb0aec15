using ProxylessMesh.Messages;

namespace ProxylessMesh;

/// <summary>Where a request stands when a filter gets it.</summary>
public sealed class HttpFilterContext
{
    internal HttpFilterContext(string filterName, string virtualHostName, string routeName, string clusterName)
    {
        FilterName = filterName;
        VirtualHostName = virtualHostName;
        RouteName = routeName;
        ClusterName = clusterName;
    }

    /// <summary>The filter's name in the listener.</summary>
    public string FilterName { get; }

    /// <summary>The name of the virtual host.</summary>
    public string VirtualHostName { get; }

    /// <summary>The name of the route; empty when it has none.</summary>
    public string RouteName { get; }

    /// <summary>The cluster that the request goes to; empty where its route answers it.</summary>
    public string ClusterName { get; }

    /// <summary>Makes a copy of a request for a filter that changes it. The body is shared: it stays the caller's.</summary>
    /// <param name="request">The request that the filter was given.</param>
    /// <returns>The copy: method, URI, version, headers and options are its own. It need not be disposed of.</returns>
    public static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return OutgoingRequest.Copy(request);
    }
}
