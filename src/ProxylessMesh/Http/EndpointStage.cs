using ProxylessMesh.Clusters;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>
/// The last stage of a request's road: an endpoint of its cluster, and the endpoint's connections. A request costs one state machine here, whatever its
/// route says of tries: those after the first are <see cref="AttemptRun"/>'s.
/// </summary>
/// <param name="environment">What all requests share.</param>
internal sealed class EndpointStage(AttemptEnvironment environment)
{
    /// <summary>How many endpoints a try goes to when none of them takes it: nothing of the request was processed by then.</summary>
    private const int MaxConnectAttempts = 3;

    private const int NoAttempt = 0;

    private static readonly Task<HttpResponseMessage> NoResponse = Task.FromResult<HttpResponseMessage>(null!);

    public Task<HttpResponseMessage> SendAsync(in RoutedRequest routed, CancellationToken cancellationToken)
        => routed.Attempts is { } rules && NeedsRun(in routed, rules)
            ? RunAsync(in routed, rules, cancellationToken)
            : SendToClusterAsync(routed, attempt: 1, failed: null, cancellationToken);

    /// <summary>Sends one of several tries: how it ended is written into <see cref="RoutedRequest.Try"/>.</summary>
    public Task<HttpResponseMessage> SendTryAsync(RoutedRequest routed, CancellationToken cancellationToken)
        => SendToClusterAsync(routed, attempt: 1, failed: null, cancellationToken);

    /// <summary>Whether the first try is one of a run from its beginning: it has a watch of its own or company, is watched by others, or its body must be kept.</summary>
    private static bool NeedsRun(in RoutedRequest routed, AttemptRules rules)
        => rules.WatchesTries
            || (rules.MayRepeat && (routed.Call is not null || routed.Explanation is not null || (routed.Original.Content is { } content && !ReplayBody.IsRepeatable(content))));

    private Task<HttpResponseMessage> RunAsync(in RoutedRequest routed, AttemptRules rules, CancellationToken cancellationToken)
        => rules.Hedge is { } hedge
            ? new HedgedRun(this, environment, in routed, rules, hedge).RunAsync(cancellationToken)
            : new AttemptRun(this, environment, in routed, rules).RunAsync(cancellationToken);

    /// <param name="routed">The request.</param>
    /// <param name="attempt">1 for the first endpoint.</param>
    /// <param name="failed">The endpoint before.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(RoutedRequest routed, int attempt, EndpointState? failed, CancellationToken cancellationToken)
    {
        var cluster = routed.Cluster;
        while (true)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return view.IsAbsent && routed.TryRouteAnew()
                    ? environment.Pipeline.SendAsync(routed.Caller, cancellationToken) // gone since the request was routed: the route answers for it
                    : EndAsync(routed, endpoint: null, new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}"), TryReset.None, cancellationToken);
            }

            if (view.Picker is null && view.Destinations is null)
            {
                // It changed since the request was routed. Retired: the routes are other ones by now.
                if (!routed.TryRouteAnew())
                {
                    return EndAsync(routed, endpoint: null, new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}' changed between two tries"), TryReset.None, cancellationToken);
                }

                return view.IsRetired
                    ? environment.Pipeline.SendAsync(routed.Caller, cancellationToken)
                    : environment.Pipeline.WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), routed.Caller, routed.Route, cancellationToken);
            }

            var endpoint = EndpointSelection.Select(view, in routed, failed, MaxConnectAttempts, environment.Random);
            if (endpoint is null)
            {
                return EndAsync(routed, endpoint: null, new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint"), TryReset.None, cancellationToken);
            }

            if (endpoint.TryAcquire())
            {
                routed.Try?.Targets?.Add(endpoint);
                if (routed.Explanation is { } explanation)
                {
                    ExplanationNotes.OnEndpoint(explanation, view, endpoint, routed.Hash);
                }

                var isLast = attempt >= Math.Min(MaxConnectAttempts, view.Endpoints.Length);
                var nextAttempt = isLast ? NoAttempt : attempt + 1;

                // Trying another endpoint because none of the request was processed is still the same attempt, as a wait for a connection is in gRPC.
                return routed.Call is not { } call || routed.Attempt is not null
                    ? SendToEndpointAsync(routed, endpoint, nextAttempt, cancellationToken)
                    : MeasureAttemptAsync(routed, call, endpoint, nextAttempt, cancellationToken);
            }

            // It left the configuration after the view was read: there is a newer one.
        }
    }

    private Task<HttpResponseMessage> MeasureAttemptAsync(RoutedRequest routed, MeasuredCall call, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        var attempt = call.StartAttempt(previousAttempts: routed.Number - 1, routed.Cluster.Name);
        var measured = routed.WithAttempt(attempt);
        return attempt.RunAsync(() => SendToEndpointAsync(measured, endpoint, nextAttempt, cancellationToken), routed.Try);
    }

    /// <param name="routed">The request.</param>
    /// <param name="endpoint">The endpoint, with a lease that this method gives back or hands to the response.</param>
    /// <param name="nextAttempt">The attempt that follows if the endpoint refuses the connection or the request, or <see cref="NoAttempt"/>.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private async Task<HttpResponseMessage> SendToEndpointAsync(RoutedRequest routed, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        MeshFailure? failure;
        HttpResponseMessage? response;
        TryReset reset;
        var trace = default(TraceHeaders);
        try
        {
            // What is kept across this await is part of every request's state: keep it little.
            response = await endpoint.SendAsync(Prepare(in routed, endpoint, out trace), cancellationToken).ConfigureAwait(false);
            if (routed.Attempts is not { } rules)
            {
                return Receive(in routed, endpoint, response);
            }

            // Judged as it came, before the route changes its headers.
            var isRetriable = RetryDecision.IsRetriable(rules.Retry, response);
            response = Receive(in routed, endpoint, response);
            if (routed.Try is { } current)
            {
                current.Respond(response, endpoint, isRetriable);
                return response;
            }

            if (!isRetriable)
            {
                return response;
            }

            failure = null;
            reset = TryReset.None;
        }
        catch (HttpRequestException exception) when (!routed.IsTimeOver && AttemptFailure.ResetOf(exception) is var found && found != TryReset.None)
        {
            if (exception.InnerException is Transport.EndpointConnectException)
            {
                endpoint.OnConnectFailed();
            }

            // When nothing of the request was processed it may go to another endpoint.
            endpoint.Release();
            response = null;
            reset = found;
            failure = MeshFailure.Broken(routed.Cluster.Name, endpoint.Address, exception, found);
            nextAttempt = Transport.EndpointRefusal.IsRefusal(exception) && Transport.EndpointRefusal.MayGoElsewhere(exception) ? nextAttempt : NoAttempt;
        }
        catch (HostnameException exception)
        {
            endpoint.Release();
            response = null;
            reset = TryReset.None;
            failure = new MeshFailure(MeshFailureReason.NoRoute, $"cluster '{routed.Cluster.Name}': {exception.Message}", exception);
            nextAttempt = NoAttempt;
        }
        catch (Exception exception)
        {
            // Whatever the request or its response broke off with: when its time is over, that is why.
            endpoint.Release();
            failure = routed.TimeFailure(out reset);
            if (failure is null)
            {
                routed.Explanation?.OnAttempt(routed.Number, endpoint.Address.ToString(), FailureWords.Of(exception).Details, "fails the request");
                throw;
            }

            response = null;
            failure = failure with { InnerException = exception };
            nextAttempt = NoAttempt;
        }
        finally
        {
            Restore(in routed, in trace);
        }

        if (failure is not null && (nextAttempt != NoAttempt || routed.Attempts is not { MayRepeat: true }))
        {
            routed.Explanation?.OnAttempt(routed.Number, endpoint.Address.ToString(), failure.Details, nextAttempt != NoAttempt ? "another endpoint is tried" : "fails the request");
        }

        var next = failure is null
            ? GoOnAsync(in routed, endpoint, response!, cancellationToken) // no failure: there is a response
            : nextAttempt != NoAttempt
                ? SendToClusterAsync(routed, nextAttempt, endpoint, cancellationToken)
                : EndAsync(routed, endpoint, failure, reset, cancellationToken);
        return await next.ConfigureAwait(false);
    }

    /// <summary>The first try brought a response that is worth another.</summary>
    private Task<HttpResponseMessage> GoOnAsync(in RoutedRequest routed, EndpointState endpoint, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var first = new RequestTry(1);
        first.Respond(response, endpoint, isRetriable: true);
        return new AttemptRun(this, environment, in routed, routed.Attempts!).GoOnAsync(first, cancellationToken); // without rules nothing is retriable
    }

    /// <summary>A try has ended without a response.</summary>
    private Task<HttpResponseMessage> EndAsync(in RoutedRequest routed, EndpointState? endpoint, MeshFailure failure, TryReset reset, CancellationToken cancellationToken)
    {
        var isRetriable = routed.Attempts is { } rules
            && RetryDecision.IsRetriable(rules.Retry, reset, environment.IsGrpcDialect && GrpcMessage.IsGrpc(routed.Original));
        if (routed.Try is { } current)
        {
            current.Fail(failure, endpoint, reset, isRetriable);
            return NoResponse;
        }

        if (!isRetriable)
        {
            return environment.Pipeline.FailAsync(routed.Caller, failure);
        }

        var first = new RequestTry(1);
        first.Fail(failure, endpoint, reset, isRetriable);
        return new AttemptRun(this, environment, in routed, routed.Attempts!).GoOnAsync(first, cancellationToken); // as above
    }

    /// <summary>Makes of the request what this endpoint is sent.</summary>
    private static HttpRequestMessage Prepare(in RoutedRequest routed, EndpointState endpoint, out TraceHeaders trace)
    {
        routed.Attempt?.OnEndpoint(endpoint);
        var outgoing = routed.Outgoing;
        routed.Changed?.AimAt(endpoint, outgoing);
        var sent = UpstreamVersion.Apply(outgoing, endpoint.Protocol);
        trace = ReferenceEquals(sent, outgoing) ? TraceHeaders.Absent(outgoing) : default; // what is written into a copy goes with it
        routed.Hop.AddTo(sent, isCopy: !ReferenceEquals(sent, routed.Original));
        return sent;
    }

    /// <summary>Makes of the endpoint's response the caller's, and hands it the lease.</summary>
    private static HttpResponseMessage Receive(in RoutedRequest routed, EndpointState endpoint, HttpResponseMessage response)
    {
        try
        {
            endpoint.OnConnected();
            response.RequestMessage = routed.Original;
            if (routed.Try is null)
            {
                routed.Explanation?.OnAttempt(routed.Number, endpoint.Address.ToString(), ExplanationNotes.StatusOf(response), "handed to the caller");
            }

            if (routed.Attempts is { CountsInResponse: true })
            {
                HopHeaders.Count(response, routed.Number);
            }

            routed.Changed?.Finish(response);
            TrackedContent.Attach(response, endpoint);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Takes out of the caller's request what only the endpoint was to see. Had it such a header itself, a copy was sent.</summary>
    private static void Restore(in RoutedRequest routed, in TraceHeaders trace)
    {
        if (ReferenceEquals(routed.Outgoing, routed.Original))
        {
            routed.Hop.RemoveFrom(routed.Original);
        }

        trace.Remove(routed.Outgoing);
    }
}
