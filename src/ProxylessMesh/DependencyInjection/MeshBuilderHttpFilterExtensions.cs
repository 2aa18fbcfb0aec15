using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ProxylessMesh.DependencyInjection;

/// <summary>Adds HTTP filters of the application's own to its mesh.</summary>
public static class MeshBuilderHttpFilterExtensions
{
    /// <summary>
    /// Adds a kind of HTTP filter: what the control plane says of its types (<see cref="IHttpFilterFactory.TypeUrls"/>) is carried out then, instead of
    /// rejected. The factory is a singleton of the container. Harmless when repeated.
    /// </summary>
    /// <typeparam name="TFactory">Makes the filters.</typeparam>
    /// <param name="builder">The mesh's.</param>
    /// <returns>The builder.</returns>
    public static IMeshBuilder AddHttpFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFactory>(this IMeshBuilder builder)
        where TFactory : class, IHttpFilterFactory
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpFilterFactory, TFactory>());
        return builder;
    }

    /// <summary>Adds a kind of HTTP filter.</summary>
    /// <inheritdoc cref="AddHttpFilter{TFactory}(IMeshBuilder)"/>
    /// <param name="builder">The mesh's.</param>
    /// <param name="factory">Makes the filters.</param>
    public static IMeshBuilder AddHttpFilter(this IMeshBuilder builder, IHttpFilterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(factory);
        builder.Services.AddSingleton(factory);
        return builder;
    }
}
