namespace ProxylessMesh.Http;

/// <summary>Whether all that requests to an authority may need has come: its routes, and every cluster they name with its endpoints.</summary>
internal static class Readiness
{
    /// <summary>Completes once the authority's configuration is whole. An error counts as not come: it may yet be mended.</summary>
    public static async Task WaitAsync(MeshAuthority authority, CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = authority.Listener.View;
            if (view.Routes is null)
            {
                await authority.Listener.WaitForChangeAsync(view, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var isWhole = true;
            foreach (var cluster in view.Routes.Clusters)
            {
                var clusterView = cluster.View;
                if (clusterView.IsPending)
                {
                    isWhole = false;
                    await cluster.WaitForChangeAsync(clusterView, cancellationToken).ConfigureAwait(false);
                }
            }

            if (isWhole)
            {
                return;
            }
        }
    }

    /// <summary>What has not come, in words.</summary>
    public static string Describe(MeshAuthority authority)
    {
        var view = authority.Listener.View;
        if (view.Routes is null)
        {
            return view.Error?.Message ?? $"listener '{authority.Listener.Name}' or its route configuration has not come";
        }

        var pending = new List<string>();
        foreach (var cluster in view.Routes.Clusters)
        {
            if (cluster.View.IsPending)
            {
                pending.Add($"'{cluster.Name}'");
            }
        }

        return $"clusters that have not come, or whose endpoints have not: {string.Join(", ", pending)}";
    }
}
