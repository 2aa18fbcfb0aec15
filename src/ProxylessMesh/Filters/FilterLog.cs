using Microsoft.Extensions.Logging;

namespace ProxylessMesh.Filters;

internal static partial class FilterLog
{
    [LoggerMessage(70, LogLevel.Error, "The HTTP filter '{Filter}' of listener '{Listener}' could not be made: the requests that it is for fail")]
    public static partial void CannotBeMade(ILogger logger, Exception exception, string filter, string listener);

    [LoggerMessage(71, LogLevel.Warning, "The HTTP filter '{Filter}' failed when it was disposed of")]
    public static partial void CannotBeDisposed(ILogger logger, Exception exception, string filter);
}
