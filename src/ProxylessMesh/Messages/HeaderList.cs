using Microsoft.Extensions.Primitives;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Messages;

/// <summary>Headers by themselves, in order, without a message round them. <c>host</c> is <c>:authority</c>. Not thread-safe.</summary>
internal sealed class HeaderList : IHeaderMap
{
    private readonly List<KeyValuePair<string, string>> _headers = [];

    public HeaderList(params IEnumerable<KeyValuePair<string, string>> headers)
    {
        foreach (var (name, value) in headers)
        {
            Add(name, value);
        }
    }

    /// <summary>Every header, names in lower case.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => _headers;

    public StringValues GetHeader(string name)
    {
        name = NameOf(name);
        var values = StringValues.Empty;
        foreach (var header in _headers)
        {
            if (header.Key == name)
            {
                values = StringValues.Concat(values, header.Value);
            }
        }

        return values;
    }

    public void Add(string name, string value) => _headers.Add(new(NameOf(name), value));

    public void Set(string name, string value)
    {
        Remove(name);
        Add(name, value);
    }

    public void Remove(string name)
    {
        name = NameOf(name);
        _headers.RemoveAll(header => header.Key == name);
    }

    private static string NameOf(string name)
    {
        var lower = name.ToLowerInvariant();
        return lower == "host" ? ":authority" : lower;
    }

    /// <summary>The list as matchers take headers.</summary>
    internal readonly struct View(HeaderList headers) : IRequestHeaders
    {
        public StringValues GetHeader(string name) => headers.GetHeader(name);
    }
}
