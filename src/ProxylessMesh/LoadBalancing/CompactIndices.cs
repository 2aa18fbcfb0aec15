namespace ProxylessMesh.LoadBalancing;

/// <summary>Indices of endpoints, two bytes each as long as two bytes do. Written while it is built, then only read.</summary>
internal readonly struct CompactIndices
{
    private readonly ushort[]? _small;
    private readonly int[]? _large;

    /// <param name="length">How many indices.</param>
    /// <param name="greatest">The greatest of them.</param>
    public CompactIndices(int length, int greatest)
    {
        if (greatest <= ushort.MaxValue)
        {
            _small = new ushort[length];
        }
        else
        {
            _large = new int[length];
        }
    }

    public int Length => _small?.Length ?? _large!.Length; // one of the two is there

    public int this[int position]
    {
        get => _small is not null ? _small[position] : _large![position];
        set
        {
            if (_small is not null)
            {
                _small[position] = (ushort)value;
            }
            else
            {
                _large![position] = value;
            }
        }
    }
}
