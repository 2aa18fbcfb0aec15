using System.Diagnostics.Metrics;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ProxylessMesh;
using ProxylessMesh.DependencyInjection;
using ProxylessMesh.Transport;
using ProxylessMesh.Xds;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the mesh to an application's services.</summary>
public static class MeshServiceCollectionExtensions
{
    /// <summary>
    /// Adds the mesh: every client of HttpClientFactory and GrpcClientFactory then reaches mesh services by name, such as
    /// <c>http://orders</c> or <c>xds:///orders</c>. Harmless when repeated.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <returns>A builder for further configuration.</returns>
    public static IMeshBuilder AddMesh(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddHttpClient();
        services.AddOptions<MeshOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MeshOptions>, MeshOptionsValidator>());
        services.TryAddSingleton(CreateRuntime);
        services.TryAddSingleton<Mesh>(provider => new Mesh(provider.GetRequiredService<MeshRuntime>()));
        services.TryAddSingleton<XdsAddressMapping>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<GrpcClientFactoryOptions>, XdsAddressMapping>(provider => provider.GetRequiredService<XdsAddressMapping>()));
        services.TryAddSingleton<ResilienceHandlers>();
        services.TryAddSingleton<ResilienceCheck>();
        services.TryAddSingleton<MeshEnrollment>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, MeshEnrollment>(provider => provider.GetRequiredService<MeshEnrollment>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MeshHostedService>());
        return new MeshBuilder(services);
    }

    /// <summary>Adds the mesh and sets its options.</summary>
    /// <inheritdoc cref="AddMesh(IServiceCollection)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options.</param>
    public static IMeshBuilder AddMesh(this IServiceCollection services, Action<MeshOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = services.AddMesh();
        services.Configure(configure);
        return builder;
    }

    /// <summary>Adds the mesh and binds its options to a configuration section.</summary>
    /// <inheritdoc cref="AddMesh(IServiceCollection)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="section">The section, <c>Mesh</c> by custom.</param>
    public static IMeshBuilder AddMesh(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var builder = services.AddMesh();
        services.Configure<MeshOptions>(section);
        return builder;
    }

    private static MeshRuntime CreateRuntime(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<MeshOptions>>().Value;
        var timeProvider = provider.GetService<TimeProvider>() ?? TimeProvider.System;
        return new MeshRuntime(
            options,
            options.ControlPlane ?? new BootstrapControlPlane(options.Bootstrap, provider.GetService<IConfiguration>()),
            timeProvider,
            SharedRandomSource.Instance,
            SystemHostResolver.Instance,
            new SocketTransport(timeProvider),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>(),
            provider.GetServices<IHttpFilterFactory>());
    }
}
