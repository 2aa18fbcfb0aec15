using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>Keeps what is logged, at level Information and above, and all of one category. Safe for concurrent use.</summary>
/// <param name="detailed">The category of which everything is kept.</param>
internal sealed class RecordingLoggers(string? detailed = null) : ILoggerFactory, ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => new Logger(_lines, categoryName == detailed ? LogLevel.Trace : LogLevel.Information);

    public void Dispose()
    {
        // Holds nothing.
    }

    private sealed class Logger(ConcurrentQueue<string> lines, LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Enqueue(formatter(state, exception));
            }
        }
    }
}
