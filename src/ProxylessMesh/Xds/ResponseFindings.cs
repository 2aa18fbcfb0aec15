namespace ProxylessMesh.Xds;

/// <summary>What was found in one response so far: whose resources it holds, and what is wrong with them.</summary>
/// <param name="kind">What the response's type is called in an error text.</param>
internal sealed class ResponseFindings(string kind)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    /// <summary>Empty: the response is acknowledged.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public bool Holds(string name) => _names.Contains(name);

    /// <summary>The response says something about the name, be it not a resource.</summary>
    public void AddName(string name) => _names.Add(name);

    /// <summary>Takes in a resource's name.</summary>
    /// <returns>Whether it stands in the response for the first time; an error otherwise.</returns>
    public bool IsFirst(string name)
    {
        if (_names.Add(name))
        {
            return true;
        }

        AddError($"resource '{name}' stands in the response more than once");
        return false;
    }

    public void AddError(string error) => _errors.Add(error);

    /// <summary>The resource is rejected, for these reasons.</summary>
    public void AddRejection(string name, IReadOnlyList<string> reasons)
    {
        foreach (var reason in reasons)
        {
            AddError($"{kind} '{name}': {reason}");
        }
    }
}
