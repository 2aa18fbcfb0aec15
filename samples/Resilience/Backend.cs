using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience;

/// <summary>
/// A server on a free port that counts its requests. <c>/flaky</c> fails every third time, <c>/tail</c> takes its time every tenth time,
/// everything else is answered at once, or never by one that hangs.
/// </summary>
internal sealed class Backend : IAsyncDisposable
{
    private const int FailsEvery = 3;
    private const int LingersEvery = 10;

    private static readonly TimeSpan LongTime = TimeSpan.FromMilliseconds(600);

    private readonly WebApplication _app;
    private readonly bool _hangs;
    private ListenOptions? _listener;
    private int _requests;

    private Backend(bool hangs, Type? grpcService)
    {
        _hangs = hangs;

        // Empty: it reads no settings, so nothing in the environment moves the port.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener =>
        {
            listener.Protocols = grpcService is null ? HttpProtocols.Http1 : HttpProtocols.Http2;
            _listener = listener;
        }));
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<RateLimitService>();
        builder.Services.AddLogging(logging => logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning));
        _app = builder.Build();
        _app.UseRouting();
        if (grpcService is null)
        {
            _app.MapGet("/ready", () => "ready"); // not counted
            _app.MapFallback(AnswerAsync);
        }
        else
        {
            _app.MapGrpcService<RateLimitService>();
        }
    }

    /// <summary>Kestrel writes the port that it was given into the endpoint.</summary>
    public int Port => _listener?.IPEndPoint?.Port ?? throw new InvalidOperationException("The backend listens on no TCP port.");

    /// <summary>Since the last call.</summary>
    public int TakeCount() => Interlocked.Exchange(ref _requests, 0);

    public int Count => Volatile.Read(ref _requests);

    public static Task<Backend> StartAsync(bool hangs = false) => StartAsync(new Backend(hangs, grpcService: null));

    public static Task<Backend> StartRateLimitServiceAsync() => StartAsync(new Backend(hangs: false, typeof(RateLimitService)));

    public async ValueTask DisposeAsync()
    {
        // What hangs is not waited for.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static async Task<Backend> StartAsync(Backend backend)
    {
        await backend._app.StartAsync();
        return backend;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref _requests);
        if (_hangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        if (context.Request.Path == "/tail" && number % LingersEvery == 0)
        {
            await Task.Delay(LongTime, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        context.Response.StatusCode = context.Request.Path == "/flaky" && number % FailsEvery == 0 ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
    }
}
