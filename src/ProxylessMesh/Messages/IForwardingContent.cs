namespace ProxylessMesh.Messages;

/// <summary>A content that passes another one on: of a request, which can be sent again if that can, or of a response.</summary>
internal interface IForwardingContent
{
    HttpContent Inner { get; }
}
