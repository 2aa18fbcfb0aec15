namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>A route configuration, or the tests for one, cannot be used. <see cref="Errors"/> lists everything that is wrong, not only the first.</summary>
public sealed class RouteCheckException : Exception
{
    internal RouteCheckException(string source, IReadOnlyList<string> errors, Exception? innerException = null)
        : base($"'{source}' cannot be used:{string.Concat(errors.Select(error => $"{Environment.NewLine}  {error}"))}", innerException) => Errors = errors;

    /// <summary>One line per error: the source, the resource or test, the path of the field, and the rule. Never empty.</summary>
    public IReadOnlyList<string> Errors { get; }
}
