namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>The tests whose backends listen where the recorded endpoints are: they cannot run at the same time.</summary>
[CollectionDefinition(Name)]
public static class IstiodAddresses
{
    public const string Name = "The addresses of the istiod recordings";
}
