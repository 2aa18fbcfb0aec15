using Microsoft.Extensions.Primitives;

namespace ProxylessMesh.Matching;

/// <summary>
/// The headers of a request as matchers see them: names in lower case, the pseudo-headers <c>:method</c>, <c>:path</c>,
/// <c>:authority</c> and <c>:scheme</c> included. Implemented by a struct so that looking costs nothing.
/// </summary>
internal interface IRequestHeaders
{
    /// <returns>The header's values in order; none when it is absent.</returns>
    StringValues GetHeader(string name);
}
