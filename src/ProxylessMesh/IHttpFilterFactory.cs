namespace ProxylessMesh;

/// <summary>
/// Makes the application's own HTTP filters of what the control plane says. Registered by <c>AddMesh().AddHttpFilter(...)</c> or
/// <see cref="MeshOptions.AddHttpFilter"/>: listeners and routes that name one of its types are then accepted.
/// </summary>
/// <remarks>Used by one thread at a time: the one that configuration lives on. Must not block.</remarks>
public interface IHttpFilterFactory
{
    /// <summary>
    /// The types of configuration that it reads, each with its prefix: <c>type.googleapis.com/acme.Guard</c>. One for the listener, and where that is
    /// another one, also the one for parts of the routes (<c>typed_per_filter_config</c>).
    /// </summary>
    IReadOnlyCollection<string> TypeUrls { get; }

    /// <summary>Reads one configuration, as it stands in a listener or in a part of the routes.</summary>
    /// <param name="configuration">As it was delivered.</param>
    /// <returns>What <see cref="Create"/> is given for it: immutable, of whatever type.</returns>
    /// <exception cref="Exception">
    /// It is wrong. The resource is rejected then: the control plane is told the filter's name and the exception's message (NACK), and the last good
    /// configuration stays.
    /// </exception>
    object ReadConfiguration(HttpFilterConfiguration configuration);

    /// <summary>
    /// Makes the filter of a part of the routes. It is kept over updates that change none of its configurations. One that cannot be made fails the
    /// requests that it is for: what is wrong with a configuration belongs into <see cref="ReadConfiguration"/>.
    /// </summary>
    /// <param name="configuration">The listener's, as it was read.</param>
    /// <param name="routeConfigurations">
    /// Those of route configuration, virtual host, route and weighted cluster, where they have one, the most specific last. By custom the last one takes
    /// the place of all others (gRFC A39).
    /// </param>
    /// <returns>The filter, or <see langword="null"/> where it has nothing to do.</returns>
    IHttpFilter? Create(object configuration, IReadOnlyList<object> routeConfigurations);
}
