using System.Collections.Immutable;

namespace ProxylessMesh.Telemetry;

/// <summary>Collects what became of one request and why, where somebody asked. Thread-safe.</summary>
/// <param name="method">The method.</param>
/// <param name="uri">The URI, without secrets.</param>
/// <param name="listener">The listener's name.</param>
internal sealed class RequestExplanation(string method, string uri, string listener)
{
    private readonly Lock _lock = new();
    private readonly List<MeshFilterAction> _filters = [];
    private readonly List<MeshAttempt> _attempts = [];
    private readonly List<string> _notes = [];
    private readonly List<string> _flags = [];
    private ExplainedRoute _route = ExplainedRoute.None;
    private string? _cluster;
    private string? _clusterReason;
    private ImmutableArray<string> _limits = [];
    private TimeSpan _waited;
    private string? _details;
    private bool _isComplete;
    private int? _status;

    /// <summary>Whether it was sent to an endpoint.</summary>
    public bool HasAttempts
    {
        get
        {
            lock (_lock)
            {
                return _attempts.Count > 0;
            }
        }
    }

    /// <summary>Something worth knowing that has no place of its own.</summary>
    public void OnNote(string note)
    {
        lock (_lock)
        {
            _notes.Add(note);
        }
    }

    /// <summary>The routes were asked; when that happens again, as after a wait, the last time counts.</summary>
    public void OnRouted(ExplainedRoute route)
    {
        lock (_lock)
        {
            _route = route;
        }
    }

    /// <summary>A filter did something.</summary>
    /// <param name="filter">Its name in the listener.</param>
    /// <param name="what">What it did.</param>
    public void OnFilter(string filter, string what)
    {
        lock (_lock)
        {
            _filters.Add(new MeshFilterAction(filter, what));
        }
    }

    /// <summary>The request goes to a cluster.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="reason">Why this one.</param>
    /// <param name="limits">The limits of its time and the tries it has.</param>
    public void OnCluster(string name, string reason, ImmutableArray<string> limits)
    {
        lock (_lock)
        {
            _cluster = name;
            _clusterReason = reason;
            _limits = limits;
        }
    }

    /// <summary>The request waited for configuration; a note says for what.</summary>
    public void OnWaited(TimeSpan waited)
    {
        lock (_lock)
        {
            _waited += waited;
        }
    }

    /// <summary>An endpoint was picked, and the request is sent there. Its number and outcome come with <see cref="OnAttempt"/>.</summary>
    /// <param name="attempt">The endpoint, and why it is this one.</param>
    public void OnEndpoint(MeshAttempt attempt)
    {
        lock (_lock)
        {
            _attempts.Add(attempt);
        }
    }

    /// <summary>An attempt has come to its end: a response, or a failure.</summary>
    /// <param name="number">1 for the first.</param>
    /// <param name="endpoint">Where it went.</param>
    /// <param name="outcome">The status, or how it broke off.</param>
    /// <param name="next">What was made of it: handed to the caller, or tried again, or why not.</param>
    public void OnAttempt(int number, string endpoint, string outcome, string next)
    {
        lock (_lock)
        {
            var index = _attempts.FindIndex(attempt => attempt.Outcome.Length == 0 && attempt.Endpoint == endpoint);
            var picked = index < 0 ? new MeshAttempt { Number = number, Endpoint = endpoint } : _attempts[index];
            var ended = picked with { Number = number, Outcome = outcome, Consequence = next };
            if (index < 0)
            {
                _attempts.Add(ended);
            }
            else
            {
                _attempts[index] = ended;
            }
        }
    }

    /// <summary>Adds to the flags that the request will end with.</summary>
    /// <param name="flag">One of <see cref="ResponseFlags"/>.</param>
    public void OnFlag(string flag)
    {
        lock (_lock)
        {
            AddFlags(flag);
        }
    }

    /// <summary>The caller's answer is made, or its failure. What is said first counts: it is nearest to the cause.</summary>
    /// <param name="flags">One of <see cref="ResponseFlags"/>, or several joined by commas; empty for none.</param>
    /// <param name="details">One of <see cref="ResponseDetails"/>.</param>
    public void OnEnd(string flags, string details)
    {
        lock (_lock)
        {
            if (_details is null)
            {
                _details = details;
                AddFlags(flags);
            }
        }
    }

    /// <summary>The caller has its answer.</summary>
    /// <param name="status">What it got, or <see langword="null"/> for a failure.</param>
    public void Complete(int? status)
    {
        lock (_lock)
        {
            _isComplete = true;
            _status = status;
        }
    }

    /// <summary>What is known now.</summary>
    public MeshExplanation ToExplanation()
    {
        lock (_lock)
        {
            return new MeshExplanation
            {
                Method = method,
                Uri = uri,
                Listener = listener,
                RouteConfiguration = _route.RouteConfiguration,
                VirtualHost = _route.VirtualHost,
                Route = _route.Route,
                VirtualHosts = _route.VirtualHosts,
                Routes = _route.Routes,
                Filters = [.. _filters],
                Cluster = _cluster,
                ClusterReason = _clusterReason,
                Limits = _limits,
                Attempts = [.. _attempts],
                Notes = [.. _notes],
                Waited = _waited,
                IsComplete = _isComplete,
                ResponseFlags = string.Join(',', _flags),
                ResponseDetails = _details ?? "",
                StatusCode = _status,
            };
        }
    }

    private void AddFlags(string flags)
    {
        foreach (var flag in flags.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!_flags.Contains(flag))
            {
                _flags.Add(flag);
            }
        }
    }
}
