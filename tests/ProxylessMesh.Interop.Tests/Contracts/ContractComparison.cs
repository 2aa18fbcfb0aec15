using Google.Protobuf.Reflection;

namespace ProxylessMesh.Interop.Tests.Contracts;

/// <summary>Compares a subset with the contract it was taken from.</summary>
internal static class ContractComparison
{
    /// <param name="own">The subset.</param>
    /// <param name="upstream">The whole.</param>
    /// <param name="newer">Full names of elements upstream got after <paramref name="upstream"/> was published.</param>
    /// <param name="retyped">Full names of elements whose type upstream changed after that.</param>
    /// <returns>Every difference in one line each, in the order of their names; empty when the subset is one.</returns>
    public static IReadOnlyList<string> FindDifferences(FileDescriptorSet own, FileDescriptorSet upstream, IReadOnlyCollection<string> newer, IReadOnlyCollection<string>? retyped = null)
    {
        var theirs = ContractElements.Flatten(upstream);
        var ours = ContractElements.Flatten(own);
        var differences = new List<string>();
        foreach (var (name, words) in ours.OrderBy(element => element.Key, StringComparer.Ordinal))
        {
            var isUpstream = theirs.TryGetValue(name, out var theirWords);
            if (newer.Contains(name))
            {
                if (isUpstream)
                {
                    differences.Add($"{name}: upstream has it now; take it out of the table of newer elements");
                }
            }
            else if (!isUpstream)
            {
                differences.Add($"{name}: ours is '{words}', upstream has no such element");
            }
            else if (retyped?.Contains(name) == true)
            {
                if (words == theirWords)
                {
                    differences.Add($"{name}: upstream has it so now; take it out of the table of retyped elements");
                }
            }
            else if (words != theirWords)
            {
                differences.Add($"{name}: ours is '{words}', upstream's is '{theirWords}'");
            }
        }

        differences.AddRange(newer.Where(name => !ours.ContainsKey(name)).Select(name => $"{name}: in the table of newer elements, but we do not carry it"));
        return differences;
    }
}
