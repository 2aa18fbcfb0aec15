namespace ProxylessMesh.Messages;

/// <summary>Is told how the body of a request gets on: when it has been sent in full, and, if it asks, of each piece.</summary>
internal interface IBodyObserver
{
    void OnSent();

    /// <summary>Whether <see cref="OnActivity"/> matters.</summary>
    bool AwaitsActivity => false;

    /// <summary>A piece of it has been sent.</summary>
    void OnActivity()
    {
    }
}
