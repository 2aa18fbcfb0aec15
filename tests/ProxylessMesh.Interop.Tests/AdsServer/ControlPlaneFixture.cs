using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Interop.Tests.AdsServer;

/// <summary>Our ADS server over a mesh file of its own, on a port that it keeps when it is stopped and started again.</summary>
internal sealed class ControlPlaneFixture : IAsyncDisposable
{
    private const string FileName = "mesh.yaml";
    private const string OwnCategories = "ProxylessMesh.";
    private const int AcceptedEvent = 20;

    private readonly TemporaryDirectory _directory = new();
    private readonly RecordingLoggerProvider _log = new();
    private readonly ILoggerFactory _loggerFactory;
    private ControlPlaneServer? _server;
    private string _address = "127.0.0.1:0";

    private ControlPlaneFixture()
        => _loggerFactory = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_log));

    /// <summary>The bootstrap of a client of this server.</summary>
    public string Bootstrap => BootstrapJson.Insecure(_address);

    public static async Task<ControlPlaneFixture> StartAsync(string meshYaml)
    {
        var fixture = new ControlPlaneFixture();
        fixture._directory.Write(FileName, meshYaml);
        try
        {
            await fixture.StartServerAsync();
        }
        catch
        {
            await fixture.DisposeAsync();
            throw;
        }

        return fixture;
    }

    /// <summary>Puts another file in place; the server comes to it by itself.</summary>
    public void Rewrite(string meshYaml) => _directory.Replace(FileName, meshYaml);

    public async Task StopServerAsync()
    {
        if (_server is { } server)
        {
            _server = null;
            await server.DisposeAsync().AsTask().WaitAsync(TestTimeouts.Default);
        }
    }

    public async Task StartServerAsync()
    {
        var options = new ControlPlaneServerOptions
        {
            ConfigurationFile = _directory.File(FileName),
            ListenAddress = _address,
            LoggerFactory = _loggerFactory,
        };
        _server = await ControlPlaneServer.StartAsync(options, CancellationToken.None);
        _address = new Uri(_server.Address).Authority;
    }

    /// <summary>
    /// Fails unless clients accepted what they were sent, all of it (the server warns of a rejection), and the server found
    /// nothing else to complain of. ASP.NET may warn: of a slow machine, for one.
    /// </summary>
    public void AssertAllAccepted()
    {
        Assert.DoesNotContain(_log.Entries, static entry => entry.Level >= (IsOurs(entry) ? LogLevel.Warning : LogLevel.Error));
        Assert.Contains(_log.Entries, static entry => IsOurs(entry) && entry.EventId == AcceptedEvent);
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        _loggerFactory.Dispose();
        _directory.Dispose();
    }

    private static bool IsOurs(LogEntry entry) => entry.Category.StartsWith(OwnCategories, StringComparison.Ordinal);
}
