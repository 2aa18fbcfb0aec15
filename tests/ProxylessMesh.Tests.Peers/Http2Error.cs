using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh.Tests.Peers;

/// <summary>The error codes of HTTP/2 that tests send (RFC 9113, section 7).</summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "RFC 9113's words.")]
[SuppressMessage("Design", "CA1028:Enum Storage should be Int32", Justification = "As on the wire.")]
public enum Http2Error : uint
{
    NoError = 0,
    InternalError = 2,
    RefusedStream = 7,
    Cancel = 8,
    EnhanceYourCalm = 11,
}
