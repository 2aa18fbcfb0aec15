using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Translation;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>
/// Drives one session, whatever its transport. It sends before it reads on, so a client that does not read is not read
/// from either, and nothing piles up for it: when it comes back it gets the newest configuration, not each one it missed.
/// </summary>
internal static class AdsStreamLoop
{
    /// <summary>Runs until the client ends the stream (then returns) or the token is cancelled (then throws).</summary>
    /// <param name="store">The configuration to serve.</param>
    /// <param name="read">Reads the next request; <see langword="null"/> ends the stream.</param>
    /// <param name="send">Sends a response, and completes when there is room for the next.</param>
    /// <param name="logger">For what the client answers.</param>
    /// <param name="cancellationToken">Ends the stream from this side.</param>
    public static async Task RunAsync(
        MeshConfigurationStore store,
        Func<CancellationToken, Task<DiscoveryRequest?>> read,
        Func<DiscoveryResponse, CancellationToken, Task> send,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var generation = store.Current;
        var session = new AdsSession(generation.Resources, logger);
        var request = read(cancellationToken);
        while (true)
        {
            await Task.WhenAny(request, generation.Superseded).WaitAsync(cancellationToken).ConfigureAwait(false);

            // First the change, as a whole and in its order: an answer never runs ahead of it.
            if (generation.Superseded.IsCompleted)
            {
                generation = store.Current;
                await SendAllAsync(session.OnChanged(generation.Resources)).ConfigureAwait(false);
            }

            if (request.IsCompleted)
            {
                if (await request.ConfigureAwait(false) is not { } received)
                {
                    return;
                }

                await SendAllAsync(session.OnRequest(received)).ConfigureAwait(false);
                request = read(cancellationToken);
            }
        }

        async Task SendAllAsync(IReadOnlyList<DiscoveryResponse> responses)
        {
            foreach (var response in responses)
            {
                await send(response, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
