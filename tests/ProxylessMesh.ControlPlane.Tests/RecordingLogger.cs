using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Files;

namespace ProxylessMesh.ControlPlane.Tests;

/// <summary>Keeps what a file source logs.</summary>
internal sealed class RecordingLogger : ILogger<MeshFileSource>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _entries = [];

    public int Count(LogLevel level) => _entries.Count(entry => entry.Level == level);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _entries.Enqueue((logLevel, formatter(state, exception)));
}
