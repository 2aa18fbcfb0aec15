namespace ProxylessMesh.Routing;

/// <summary>Merges three ascending lists of route indices into one. For one request, on the stack.</summary>
internal ref struct RouteCandidates(ReadOnlySpan<int> first, ReadOnlySpan<int> second, ReadOnlySpan<int> third)
{
    private const int Exhausted = int.MaxValue;

    private ReadOnlySpan<int> _first = first;
    private ReadOnlySpan<int> _second = second;
    private ReadOnlySpan<int> _third = third;

    public int Current { get; private set; }

    public bool MoveNext()
    {
        var first = Head(_first);
        var second = Head(_second);
        var third = Head(_third);
        Current = Math.Min(first, Math.Min(second, third));
        if (Current == Exhausted)
        {
            return false;
        }

        // A route has one path, so that an index stands in one list only.
        if (Current == first)
        {
            _first = _first[1..];
        }
        else if (Current == second)
        {
            _second = _second[1..];
        }
        else
        {
            _third = _third[1..];
        }

        return true;
    }

    private static int Head(ReadOnlySpan<int> routes) => routes.IsEmpty ? Exhausted : routes[0];
}
