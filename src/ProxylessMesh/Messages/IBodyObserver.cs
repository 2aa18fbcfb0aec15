namespace ProxylessMesh.Messages;

/// <summary>Is told when the body of a request has been sent in full.</summary>
internal interface IBodyObserver
{
    void OnSent();
}
