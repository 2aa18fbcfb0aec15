using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>
/// The value of a header to add: text, and what is only known when a request is there (<c>%REQ(x)%</c>). Immutable; parsed by
/// <see cref="HeaderFormatParser"/>.
/// </summary>
internal sealed record HeaderFormat(ImmutableArray<HeaderFormatPart> Parts);

/// <summary>One piece of a <see cref="HeaderFormat"/>.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Text">Literal text, the name of a header in lower case, or the argument of the command.</param>
/// <param name="Alternative">The header to take where the first one is absent; empty for none.</param>
/// <param name="MaxLength">How much of the value to keep.</param>
internal sealed record HeaderFormatPart(HeaderFormatKind Kind, string Text, string Alternative = "", int MaxLength = int.MaxValue);

/// <summary>What a piece of a header's value stands for: the commands of Envoy that have a meaning in a client.</summary>
internal enum HeaderFormatKind
{
    Literal,

    /// <summary>Something that Envoy knows and a client has not, such as the address of a downstream connection: <c>-</c>.</summary>
    Absent,
    RequestHeader,
    RequestHeaderWithoutQuery,
    ResponseHeader,
    Path,
    PathWithoutQuery,
    Protocol,
    HostName,
    StartTime,
    ResponseCode,
    RouteName,
    VirtualHostName,
    VirtualClusterName,
    ClusterName,

    /// <summary>What a filter has noted: the namespace and the keys, separated by colons.</summary>
    Metadata,
}
