namespace ProxylessMesh.Messages;

/// <summary>A request's content that sends another one: it can be sent again if that can.</summary>
internal interface IForwardingContent
{
    HttpContent Inner { get; }
}
