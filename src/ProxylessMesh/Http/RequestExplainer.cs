using Microsoft.Extensions.Logging;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>Has requests explained where somebody asked: an open <see cref="MeshExplanationCapture"/> of their flow, or the log at level Debug.</summary>
/// <param name="logger">Of the category that is documented, <see cref="MeshExplanation"/>'s.</param>
internal sealed partial class RequestExplainer(ILogger<MeshExplanation> logger)
{
    /// <summary>Begins an explanation. The question is all that a request costs which nobody asks about.</summary>
    /// <returns><see langword="null"/> when nobody asked.</returns>
    public RequestExplanation? TryStart(HttpRequestMessage request, MeshAuthority authority)
        => MeshExplanationCapture.IsAnyOpen || logger.IsEnabled(LogLevel.Debug) ? Start(request, authority) : null;

    /// <summary>Follows a request to its answer.</summary>
    /// <param name="explanation">The request's.</param>
    /// <param name="sending">The request under way.</param>
    public async Task<HttpResponseMessage> FollowAsync(RequestExplanation explanation, Task<HttpResponseMessage> sending)
    {
        int? status = null;
        try
        {
            var response = await sending.ConfigureAwait(false);
            status = (int)response.StatusCode;
            explanation.OnEnd("", explanation.HasAttempts ? ResponseDetails.ViaUpstream : ResponseDetails.DirectResponse);
            return response;
        }
        catch (Exception exception)
        {
            var (flags, details) = FailureWords.Of(exception);
            explanation.OnEnd(flags, details);
            throw;
        }
        finally
        {
            explanation.Complete(status);
            if (logger.IsEnabled(LogLevel.Debug))
            {
                LogExplanation(logger, explanation.ToExplanation());
            }
        }
    }

    private RequestExplanation? Start(HttpRequestMessage request, MeshAuthority authority)
    {
        var capture = MeshExplanationCapture.Current;
        if (capture is null && !logger.IsEnabled(LogLevel.Debug))
        {
            return null; // others' requests are asked about
        }

        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        var explanation = new RequestExplanation(request.Method.Method, MeshTracer.WithoutSecrets(uri), authority.Listener.Name);
        capture?.Add(explanation);
        return explanation;
    }

    [LoggerMessage(60, LogLevel.Debug, "{Explanation}")]
    private static partial void LogExplanation(ILogger logger, MeshExplanation explanation);
}
