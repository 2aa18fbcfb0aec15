namespace ProxylessMesh.Xds;

/// <summary>Who answered, for error texts, and how it wants data errors handled.</summary>
/// <param name="ServerName">The control plane in words.</param>
/// <param name="NodeId">This process's xDS node ID.</param>
/// <param name="FailOnDataErrors">The server feature <c>fail_on_data_errors</c> (gRFC A88): a deletion or rejection drops the cached resource.</param>
internal sealed record ServerContext(string ServerName, string NodeId, bool FailOnDataErrors)
{
    /// <summary>Closes every configuration error shown to a caller: where to look, and as whom this process asked.</summary>
    public string Describe(string what) => $"{what} (control plane {ServerName}, node ID '{NodeId}')";
}
