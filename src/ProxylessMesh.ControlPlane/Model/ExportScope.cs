using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Which namespaces see a resource (<c>exportTo</c>): <c>*</c> all, <c>.</c> its own, <c>~</c> none, or their names.</summary>
internal sealed record ExportScope(ImmutableArray<string> Targets)
{
    public const string All = "*";
    public const string Own = ".";
    public const string None = "~";

    public static readonly ExportScope Everyone = new([All]);

    public static readonly ExportScope OwnNamespace = new([Own]);

    public bool Reaches(string owner, string client)
    {
        foreach (var target in Targets)
        {
            if (target == All || target == client || (target == Own && owner == client))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Istio's precedence, lowest first: private to the client's namespace, exported to it by name, public.</summary>
    public int Rank(string owner, string client)
    {
        if (Targets.Contains(All))
        {
            return 2;
        }

        return owner == client && Targets.All(target => target == Own || target == owner) ? 0 : 1;
    }
}
