using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Messages;

/// <summary>
/// The header mutations of all levels that concern a request, in the order in which they act. Immutable. Within a level:
/// <list type="number">
/// <item>what is to go goes;</item>
/// <item>every new value is written from the headers as they then are;</item>
/// <item>headers are overwritten, and then added.</item>
/// </list>
/// </summary>
internal sealed class HeaderMutations
{
    private readonly HeaderMutationsConfig[] _request;
    private readonly HeaderMutationsConfig[] _response;

    private HeaderMutations(HeaderMutationsConfig[] request, HeaderMutationsConfig[] response)
    {
        _request = request;
        _response = response;
    }

    public bool HasRequest => _request.Length > 0;

    public bool HasResponse => _response.Length > 0;

    /// <param name="mostSpecificWins">Whether the most specific level acts last instead of first.</param>
    /// <param name="mostSpecificFirst">The levels.</param>
    public static HeaderMutations Build(bool mostSpecificWins, params IEnumerable<HeaderMutationsConfig> mostSpecificFirst)
    {
        var levels = mostSpecificWins ? mostSpecificFirst.Reverse() : mostSpecificFirst;
        return new HeaderMutations([.. levels.Where(static level => level.HasRequest)], [.. levels.Where(static level => level.HasResponse)]);
    }

    public void ApplyToRequest(IHeaderMap headers, HeaderFormatContext context)
    {
        foreach (var level in _request)
        {
            Apply(level.RequestRemovals, level.RequestAdditions, headers, context);
        }
    }

    public void ApplyToResponse(IHeaderMap headers, HeaderFormatContext context)
    {
        foreach (var level in _response)
        {
            Apply(level.ResponseRemovals, level.ResponseAdditions, headers, context);
        }
    }

    /// <summary>Adds one header at once, as its action says.</summary>
    public static void Apply(HeaderAdditionConfig addition, IHeaderMap headers, HeaderFormatContext context) => Apply([], [addition], headers, context);

    private static void Apply(ImmutableArray<string> removals, ImmutableArray<HeaderAdditionConfig> additions, IHeaderMap headers, HeaderFormatContext context)
    {
        foreach (var name in removals)
        {
            headers.Remove(name);
        }

        var overwrites = new List<(string Name, string Value)>();
        var adds = new List<(string Name, string Value)>();
        foreach (var addition in additions)
        {
            var value = HeaderFormatter.Format(addition.Value, context);
            if (value.Length == 0 && !addition.KeepEmpty)
            {
                continue;
            }

            var isAbsent = headers.GetHeader(addition.Name).Count == 0;
            switch (addition.Action)
            {
                case HeaderAppendAction.AppendIfExistsOrAdd:
                case HeaderAppendAction.AddIfAbsent when isAbsent:
                    adds.Add((addition.Name, value));
                    break;
                case HeaderAppendAction.OverwriteIfExistsOrAdd:
                case HeaderAppendAction.OverwriteIfExists when !isAbsent:
                    overwrites.Add((addition.Name, value));
                    break;
            }
        }

        foreach (var (name, value) in overwrites)
        {
            headers.Set(name, value);
        }

        foreach (var (name, value) in adds)
        {
            headers.Add(name, value);
        }
    }
}
