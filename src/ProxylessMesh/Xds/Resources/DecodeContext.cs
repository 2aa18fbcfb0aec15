using System.Globalization;
using System.Text;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Collects what is wrong with one resource, and what is accepted without effect, each with the path of its field. Used by
/// one decode at a time. A resource is rejected as soon as there is one error, but read to its end, so that one NACK tells all.
/// </summary>
/// <param name="dialect">How fields are meant that gRPC and Envoy read differently.</param>
/// <param name="customFilters">The application's own filters; <see langword="null"/> for none.</param>
internal sealed class DecodeContext(XdsDialect dialect = XdsDialect.Grpc, CustomFilterTypes? customFilters = null)
{
    // A resource with a mistake in every route must not make a NACK of megabytes.
    private const int MaxErrors = 50;

    // Nor must one whose mistake is megabytes long.
    private const int MaxPathLength = 2048;
    private const int MaxRuleLength = 1024;

    private readonly List<string> _errors = [];
    private readonly List<string> _warnings = [];
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private readonly List<Step> _path = [];
    private int _errorCount;

    public XdsDialect Dialect => dialect;

    public CustomFilterTypes CustomFilters => customFilters ?? CustomFilterTypes.None;

    public bool HasErrors => _errorCount > 0;

    /// <summary>Steps into a field until the scope is disposed: errors meanwhile are named below it.</summary>
    public Scope Enter(string field) => Enter(new Step(field, Index: null, Key: null));

    /// <summary>Steps into an element of a repeated field.</summary>
    public Scope Enter(string field, int index) => Enter(new Step(field, index, Key: null));

    /// <summary>Steps into an entry of a map.</summary>
    public Scope Enter(string field, string key) => Enter(new Step(field, Index: null, key));

    /// <summary>Rejects the resource for a rule broken at <paramref name="field"/>, a field below the current path, or at the path itself when empty.</summary>
    public void Error(string field, string rule)
    {
        _errorCount++;
        if (_errors.Count < MaxErrors)
        {
            _errors.Add($"{Cut(PathOf(field), MaxPathLength)}: {Cut(rule, MaxRuleLength)}");
        }
    }

    /// <summary>Notes once for the resource that something of this kind has no effect in this version.</summary>
    /// <param name="kind">What, in the plural, as the beginning of a sentence.</param>
    /// <param name="field">The field that gave it.</param>
    public void WarnNoEffect(string kind, string field)
    {
        if (_warned.Add(kind))
        {
            _warnings.Add($"{PathOf(field)}: {kind} have no effect in this version");
        }
    }

    public IReadOnlyList<string> ToErrors()
        => _errorCount > _errors.Count ? [.. _errors, $"and {_errorCount - _errors.Count} more errors"] : [.. _errors];

    public IReadOnlyList<string> ToWarnings() => [.. _warnings];

    private static string Cut(string text, int maxLength) => text.Length <= maxLength ? text : $"{text.AsSpan(0, maxLength)}...";

    private Scope Enter(Step step)
    {
        _path.Add(step);
        return new Scope(this);
    }

    private string PathOf(string field)
    {
        var path = new StringBuilder();
        foreach (var step in _path)
        {
            Append(path, step.Field);
            if (step.Index is int index)
            {
                path.Append(CultureInfo.InvariantCulture, $"[{index}]");
            }
            else if (step.Key is not null)
            {
                path.Append(CultureInfo.InvariantCulture, $"[\"{step.Key}\"]");
            }
        }

        Append(path, field);
        return path.ToString();
    }

    private static void Append(StringBuilder path, string field)
    {
        if (field.Length > 0)
        {
            path.Append(path.Length > 0 ? "." : "").Append(field);
        }
    }

    /// <summary>Steps back out of a field.</summary>
    internal readonly struct Scope(DecodeContext context) : IDisposable
    {
        public void Dispose() => context._path.RemoveAt(context._path.Count - 1);
    }

    private readonly record struct Step(string Field, int? Index, string? Key);
}
