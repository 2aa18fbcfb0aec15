using System.Net.Security;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>
/// The TLS settings towards one control plane (gRFC A65). The files are read for each connection and at every
/// <c>refresh_interval</c>; while they are torn, such as a new certificate beside the old key, what was read last goes on
/// being used. Thread-safe.
/// </summary>
internal sealed partial class ControlPlaneCredentials : IDisposable
{
    private readonly TlsCredentialsConfig _config;
    private readonly string _targetHost;
    private readonly ILogger _logger;
    private readonly ITimer _refresh;

    /// <summary>The last that could be read; swapped whole.</summary>
    private volatile SslClientAuthenticationOptions? _last;

    public ControlPlaneCredentials(TlsCredentialsConfig config, string targetHost, TimeProvider timeProvider, ILogger logger)
    {
        _config = config;
        _targetHost = targetHost;
        _logger = logger;
        var interval = config.RefreshInterval < LongestInterval ? config.RefreshInterval : LongestInterval;
        _refresh = timeProvider.CreateTimer(static state => ((ControlPlaneCredentials)state!).Refresh(), this, interval, interval);
    }

    // What timers can count; nobody waits for the second time.
    private static TimeSpan LongestInterval => TimeSpan.FromDays(49);

    /// <exception cref="IOException">The files cannot be used and never could; the message names field and path.</exception>
    public SslClientAuthenticationOptions Get()
    {
        try
        {
            return _last = ControlPlaneTls.Load(_config, _targetHost);
        }
        catch (IOException exception) when (_last is { } last)
        {
            LogKept(exception.Message);
            return last;
        }
    }

    public void Dispose() => _refresh.Dispose();

    private void Refresh()
    {
        try
        {
            _last = ControlPlaneTls.Load(_config, _targetHost);
        }
        catch (IOException exception)
        {
            LogKept(exception.Message);
        }
    }

    [LoggerMessage(50, LogLevel.Warning, "TLS credentials for the control plane cannot be renewed: {Problem}. What was read before stays in use")]
    private partial void LogKept(string problem);
}
