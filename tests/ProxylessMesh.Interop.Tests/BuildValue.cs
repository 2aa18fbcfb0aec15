using System.Reflection;

namespace ProxylessMesh.Interop.Tests;

/// <summary>Values that the project file leaves in the assembly: where the build found or put things.</summary>
internal static class BuildValue
{
    /// <exception cref="InvalidOperationException">The project file gives no such value.</exception>
    public static string Of(string key)
        => typeof(BuildValue).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(attribute => attribute.Key == key)?.Value
            ?? throw new InvalidOperationException($"The project file gives no value for '{key}'.");
}
