using ProxylessMesh.Matching;

namespace ProxylessMesh.Messages;

/// <summary>Headers that mutations change. Names are in lower case. Not thread-safe.</summary>
internal interface IHeaderMap : IRequestHeaders
{
    void Add(string name, string value);

    /// <summary>Leaves one header of this name, the last of all.</summary>
    void Set(string name, string value);

    void Remove(string name);
}
