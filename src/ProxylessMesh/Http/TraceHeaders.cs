using System.Diagnostics;

namespace ProxylessMesh.Http;

/// <summary>
/// The headers by which a connection tells its peer of the span (<c>traceparent</c> and its kin), which it writes into the request unless they are
/// there. They are taken out again afterwards: the caller's request stays as it was, and one that is sent again, by the mesh or by a retry
/// handler, does not carry the span of the try before.
/// </summary>
/// <param name="fields">Bit n: the nth of the propagator's fields was not there before.</param>
internal readonly struct TraceHeaders(uint fields)
{
    /// <summary>Looks which of the headers a request has not; without a current span none will be written.</summary>
    public static TraceHeaders Absent(HttpRequestMessage request)
    {
        if (Activity.Current is null)
        {
            return default;
        }

        var absent = 0u;
        var bit = 1u;
        foreach (var field in DistributedContextPropagator.Current.Fields)
        {
            if (!request.Headers.NonValidated.Contains(field))
            {
                absent |= bit;
            }

            bit <<= 1;
        }

        return new TraceHeaders(absent);
    }

    /// <summary>Takes those out of the request that were not there before.</summary>
    public void Remove(HttpRequestMessage request)
    {
        if (fields == 0)
        {
            return;
        }

        var bit = 1u;
        foreach (var field in DistributedContextPropagator.Current.Fields)
        {
            if ((fields & bit) != 0)
            {
                request.Headers.Remove(field);
            }

            bit <<= 1;
        }
    }
}
