using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Equality-based selection by labels: all of them, with these values. None at all selects everything.</summary>
internal sealed record LabelSelector(ImmutableSortedDictionary<string, string> Labels)
{
    public bool Selects(ImmutableSortedDictionary<string, string> labels)
    {
        foreach (var (name, value) in Labels)
        {
            if (!labels.TryGetValue(name, out var actual) || !string.Equals(actual, value, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
