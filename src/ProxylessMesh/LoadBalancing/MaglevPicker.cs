namespace ProxylessMesh.LoadBalancing;

/// <summary>Maglev (<c>MAGLEV</c>).</summary>
/// <param name="table">The table; shared with the pickers before and after that have the same.</param>
/// <param name="loads">The loads of all the cluster's endpoints.</param>
internal sealed class MaglevPicker(MaglevTable table, IEndpointLoad[] loads) : HashingPicker(table.Owners, table.Members, loads, table.Config.BalanceFactor)
{
    private readonly ulong _size = table.Config.TableSize;

    public MaglevTable Table => table;

    private protected override int PlaceOf(ulong hash) => (int)(hash % _size);
}
