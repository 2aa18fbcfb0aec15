namespace ProxylessMesh.Http;

/// <summary>What becomes of a request after a try.</summary>
internal enum RetryVerdict
{
    /// <summary>The caller gets what came: it is nothing that its policy would try again, or cannot be.</summary>
    Done,

    /// <summary>Another try.</summary>
    Retry,

    /// <summary>There would be another, but there were as many as the policy allows.</summary>
    LimitExceeded,

    /// <summary>There would be another, but there are as many under way as the cluster allows.</summary>
    Overflow,
}
