using System.Collections.Concurrent;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Translation;

namespace ProxylessMesh.ControlPlane;

/// <summary>
/// Which hosts a client's view of a file declares. Every request to a host outside the mesh asks, so that the answers are remembered until the
/// file changes, though not without end: requests may name any number of hosts. Thread-safe.
/// </summary>
internal sealed class DeclaredHosts(MeshConfigurationStore store, MeshClient client)
{
    private const int MaxRemembered = 1000;

    private volatile Answers _answers = new(store.Current);

    public bool Contains(string host)
    {
        var answers = _answers;
        if (answers.Generation != store.Current)
        {
            answers = new Answers(store.Current);
            _answers = answers;
        }

        if (answers.ByHost.TryGetValue(host, out var isDeclared))
        {
            return isDeclared;
        }

        isDeclared = answers.Generation.Resources.For(client).IsDeclared(host);
        if (answers.ByHost.Count < MaxRemembered)
        {
            answers.ByHost.TryAdd(host, isDeclared);
        }

        return isDeclared;
    }

    private sealed class Answers(MeshConfigurationStore.Generation generation)
    {
        public MeshConfigurationStore.Generation Generation { get; } = generation;

        public ConcurrentDictionary<string, bool> ByHost { get; } = new(StringComparer.OrdinalIgnoreCase);
    }
}
