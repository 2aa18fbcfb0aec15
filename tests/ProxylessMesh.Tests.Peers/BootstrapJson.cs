namespace ProxylessMesh.Tests.Peers;

/// <summary>Bootstraps as an xDS client of any make reads them.</summary>
public static class BootstrapJson
{
    /// <summary>The bootstrap of a plain gRPC service: one control plane, in plaintext. gRPC for Node.js insists on a locality, be it empty.</summary>
    public static string Insecure(string serverUri, string nodeId = "test-node", string feature = "xds_v3") => $$"""
        {
          "xds_servers": [{ "server_uri": "{{serverUri}}", "channel_creds": [{ "type": "insecure" }], "server_features": ["{{feature}}"] }],
          "node": { "id": "{{nodeId}}", "locality": {} }
        }
        """;
}
