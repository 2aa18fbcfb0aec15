using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>The last stage of a request's road: an endpoint of its cluster, and the endpoint's connections.</summary>
/// <param name="pipeline">The stages before, for a request that has to begin anew.</param>
/// <param name="random">For picks.</param>
internal sealed class EndpointStage(MeshPipeline pipeline, IRandomSource random)
{
    /// <summary>How many endpoints a request tries when none of them takes it: nothing of the request was processed by then.</summary>
    private const int MaxConnectAttempts = 3;

    private const int NoAttempt = 0;

    public Task<HttpResponseMessage> SendAsync(in RoutedRequest routed, CancellationToken cancellationToken) => SendToClusterAsync(routed, attempt: 1, failed: null, cancellationToken);

    /// <param name="routed">The request.</param>
    /// <param name="attempt">1 for the first.</param>
    /// <param name="failed">The endpoint of the attempt before.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private Task<HttpResponseMessage> SendToClusterAsync(RoutedRequest routed, int attempt, EndpointState? failed, CancellationToken cancellationToken)
    {
        var cluster = routed.Cluster;
        while (true)
        {
            var view = cluster.View;
            if (view.Error is { } error)
            {
                return view.IsAbsent
                    ? pipeline.SendAsync(routed.Caller, cancellationToken) // gone since the request was routed: the route answers for it
                    : pipeline.FailAsync(routed.Caller, new MeshFailure(MeshFailureReason.ClusterUnavailable, $"cluster '{cluster.Name}': {error.Message}"));
            }

            if (view.Picker is null && view.Destinations is null)
            {
                // It changed since the request was routed. Retired: the routes are other ones by now.
                return view.IsRetired
                    ? pipeline.SendAsync(routed.Caller, cancellationToken)
                    : pipeline.WaitAndSendAsync(cluster.WaitForChangeAsync(view, cancellationToken), routed.Caller, routed.Route, cancellationToken);
            }

            var endpoint = view.Destinations is { } destinations ? Find(destinations, routed.Original) : Pick(view, routed.Hash, failed);
            if (endpoint is null)
            {
                return pipeline.FailAsync(routed.Caller, new MeshFailure(MeshFailureReason.NoHealthyEndpoint, $"cluster '{cluster.Name}' has no healthy endpoint"));
            }

            if (endpoint.TryAcquire())
            {
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
        var attempt = call.StartAttempt(previousAttempts: 0, routed.Cluster.Name);
        var measured = routed.WithAttempt(attempt);
        return attempt.RunAsync(() => SendToEndpointAsync(measured, endpoint, nextAttempt, cancellationToken));
    }

    /// <param name="routed">The request.</param>
    /// <param name="endpoint">The endpoint, with a lease that this method gives back or hands to the response.</param>
    /// <param name="nextAttempt">The attempt that follows if the endpoint refuses the connection or the request, or <see cref="NoAttempt"/>.</param>
    /// <param name="cancellationToken">The caller's, or the deadline's.</param>
    private async Task<HttpResponseMessage> SendToEndpointAsync(RoutedRequest routed, EndpointState endpoint, int nextAttempt, CancellationToken cancellationToken)
    {
        MeshFailure failure;
        var trace = default(TraceHeaders);
        try
        {
            // What is kept across this await is part of every request's state: keep it little.
            var response = await endpoint.SendAsync(Prepare(in routed, endpoint, out trace), cancellationToken).ConfigureAwait(false);
            return Receive(in routed, endpoint, response);
        }
        catch (HttpRequestException exception) when (EndpointRefusal.IsRefusal(exception) && routed.Deadline is not { IsExpired: true })
        {
            // Nothing of the request was processed: it may go to another endpoint.
            if (exception.InnerException is EndpointConnectException)
            {
                endpoint.OnConnectFailed();
            }

            endpoint.Release();
            failure = MeshFailure.Refused(routed.Cluster.Name, endpoint.Address, exception);
            nextAttempt = EndpointRefusal.MayGoElsewhere(exception) ? nextAttempt : NoAttempt;
        }
        catch (HostnameException exception)
        {
            endpoint.Release();
            failure = new MeshFailure(MeshFailureReason.NoRoute, $"cluster '{routed.Cluster.Name}': {exception.Message}", exception);
            nextAttempt = NoAttempt;
        }
        catch (Exception exception)
        {
            // Whatever the request or its response broke off with: when its time is over, that is why.
            endpoint.Release();
            if (routed.Deadline is not { IsExpired: true } deadline)
            {
                routed.Explanation?.OnAttempt(1, endpoint.Address.ToString(), FailureWords.Of(exception).Details, "fails the request");
                throw;
            }

            failure = MeshFailure.Timeout(deadline, routed.Route, " before a response") with { InnerException = exception };
            nextAttempt = NoAttempt;
        }
        finally
        {
            Restore(in routed, in trace);
        }

        routed.Explanation?.OnAttempt(1, endpoint.Address.ToString(), failure.Details, nextAttempt != NoAttempt ? "another endpoint is tried" : "fails the request");
        var next = nextAttempt != NoAttempt
            ? SendToClusterAsync(routed, nextAttempt, endpoint, cancellationToken)
            : pipeline.FailAsync(routed.Caller, failure);
        return await next.ConfigureAwait(false);
    }

    /// <summary>Makes of the request what this endpoint is sent.</summary>
    private static HttpRequestMessage Prepare(in RoutedRequest routed, EndpointState endpoint, out TraceHeaders trace)
    {
        routed.Attempt?.OnEndpoint(endpoint);
        routed.Changed?.AimAt(endpoint);
        var outgoing = routed.Outgoing;
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
            routed.Explanation?.OnAttempt(1, endpoint.Address.ToString(), ExplanationNotes.StatusOf(response), "handed to the caller");
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

    /// <summary>Where the request's own URI points, whatever Host it sends: that is where it would go without the mesh.</summary>
    private static EndpointState Find(OriginalDestinations destinations, HttpRequestMessage request)
    {
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        return destinations.Find(uri.IdnHost, uri.Port);
    }

    /// <summary>Picks an endpoint; looks a few times for another than one that has just refused.</summary>
    private EndpointState? Pick(ClusterView view, RequestHash hash, EndpointState? failed)
    {
        EndpointState? endpoint = null;
        for (var i = 0; i < MaxConnectAttempts; i++)
        {
            var context = new PickContext(random) { Hash = hash, Skip = i };
            var pick = view.Picker!.Pick(in context); // the caller has seen it
            if (pick.IsNone)
            {
                return null;
            }

            endpoint = view.Endpoints[pick.Index];
            if (!ReferenceEquals(endpoint, failed) && !endpoint.IsBackingOff)
            {
                break;
            }
        }

        return endpoint;
    }
}
