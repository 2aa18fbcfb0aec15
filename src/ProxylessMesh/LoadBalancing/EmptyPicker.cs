namespace ProxylessMesh.LoadBalancing;

/// <summary>The picker of a cluster without endpoints.</summary>
internal sealed class EmptyPicker : EndpointPicker
{
    public static readonly EmptyPicker Instance = new();

    private EmptyPicker()
    {
    }

    public override PickResult Pick(in PickContext context) => PickResult.None;
}
