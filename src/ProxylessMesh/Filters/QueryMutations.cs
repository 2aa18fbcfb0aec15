using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Filters;

/// <summary>Changes the query of a path. Names are compared as they stand in the query; what is put in is encoded. Stateless.</summary>
internal static class QueryMutations
{
    public static string Apply(string pathAndQuery, ImmutableArray<QueryStepConfig> steps)
    {
        var path = RequestPath.WithoutQuery(pathAndQuery).ToString();
        var query = pathAndQuery.Length > path.Length + 1 ? pathAndQuery[(path.Length + 1)..] : "";
        var parameters = query.Split('&', StringSplitOptions.RemoveEmptyEntries).ToList();
        foreach (var step in steps)
        {
            var name = Uri.EscapeDataString(step.Name);
            bool IsNamed(string parameter) => parameter.AsSpan(0, parameter.IndexOf('=', StringComparison.Ordinal) is >= 0 and var end ? end : parameter.Length).SequenceEqual(name);

            var isThere = parameters.Exists(IsNamed);
            if (step.Value is null)
            {
                parameters.RemoveAll(IsNamed);
            }
            else if (step.Action switch
            {
                HeaderAppendAction.AddIfAbsent => !isThere,
                HeaderAppendAction.OverwriteIfExists => isThere,
                _ => true,
            })
            {
                if (step.Action is HeaderAppendAction.OverwriteIfExists or HeaderAppendAction.OverwriteIfExistsOrAdd)
                {
                    parameters.RemoveAll(IsNamed);
                }

                parameters.Add($"{name}={Uri.EscapeDataString(step.Value)}");
            }
        }

        return parameters.Count == 0 ? path : $"{path}?{string.Join('&', parameters)}";
    }
}
