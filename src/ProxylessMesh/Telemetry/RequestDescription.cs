namespace ProxylessMesh.Telemetry;

/// <summary>What telemetry says of a request before it is answered.</summary>
/// <param name="IsGrpc">Whether it is a gRPC call.</param>
/// <param name="Method">The full method of a gRPC call, <c>package.Service/Method</c>; else the HTTP method, or <c>_OTHER</c>.</param>
/// <param name="Target">The authority as a gRPC target.</param>
/// <param name="Uri">The caller's URI.</param>
internal readonly record struct RequestDescription(bool IsGrpc, string Method, string Target, Uri Uri);
