using Microsoft.Extensions.Primitives;

namespace ProxylessMesh.Messages;

/// <summary>The headers of a response, those of its body included, as mutations change them. Framing stays as it is. Not thread-safe.</summary>
internal sealed class ResponseHeaderMap(HttpResponseMessage response) : IHeaderMap
{
    public StringValues GetHeader(string name)
        => response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? new StringValues([.. values])
            : StringValues.Empty;

    public void Add(string name, string value)
    {
        if (!MessageHeaders.IsFraming(name) && !response.Headers.TryAddWithoutValidation(name, value))
        {
            response.Content.Headers.TryAddWithoutValidation(name, value);
        }
    }

    public void Set(string name, string value)
    {
        Remove(name);
        Add(name, value);
    }

    public void Remove(string name)
    {
        if (MessageHeaders.IsFraming(name))
        {
            return;
        }

        if (MessageHeaders.Contains(response.Headers, name))
        {
            response.Headers.Remove(name);
        }
        else if (MessageHeaders.Contains(response.Content.Headers, name))
        {
            response.Content.Headers.Remove(name);
        }
    }
}
