using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh.ControlPlane.Tests;

/// <summary>For tests that measure the process: they run while no other does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "xunit's word.")]
public sealed class Alone;
