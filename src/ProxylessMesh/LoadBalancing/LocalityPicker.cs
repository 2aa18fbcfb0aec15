namespace ProxylessMesh.LoadBalancing;

/// <summary>Draws a locality by weight among those of one priority (<c>locality_lb_endpoints.load_balancing_weight</c>, gRFC A27) and lets its picker pick.</summary>
internal sealed class LocalityPicker(WeightedChoice<LocalityChild> localities) : EndpointPicker
{
    public override PickResult Pick(in PickContext context)
    {
        var locality = localities.Draw(context.Random);
        return new PickResult(locality.FirstIndex + locality.Picker.Pick(in context).Index);
    }
}

/// <summary>One locality's picker.</summary>
/// <param name="Picker">Picks among the locality's endpoints, of which there is one at least.</param>
/// <param name="FirstIndex">Where the locality's endpoints begin in the list of the whole cluster.</param>
internal readonly record struct LocalityChild(EndpointPicker Picker, int FirstIndex);
