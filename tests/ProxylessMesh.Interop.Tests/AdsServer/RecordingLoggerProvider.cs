using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ProxylessMesh.Interop.Tests.AdsServer;

/// <summary>Keeps everything that is logged, whatever the category.</summary>
internal sealed class RecordingLoggerProvider : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEntry> _entries = [];

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public void Dispose()
    {
        // The entries outlive the factory: they are what the test reads.
    }

    private sealed class Logger(string category, ConcurrentQueue<LogEntry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => entries.Enqueue(new LogEntry(category, logLevel, eventId.Id, $"{formatter(state, exception)} {exception}"));
    }
}

internal sealed record LogEntry(string Category, LogLevel Level, int EventId, string Message);
