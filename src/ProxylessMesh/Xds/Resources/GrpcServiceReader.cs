using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;
using Credentials = Envoy.Config.Core.V3.GrpcService.Types.GoogleGrpc.Types.ChannelCredentials;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads which gRPC server a filter asks.</summary>
internal static class GrpcServiceReader
{
    /// <returns>The server, or <see langword="null"/> when it is wrong; then an error is noted.</returns>
    public static GrpcServiceConfig? Read(GrpcService service, DecodeContext context)
    {
        if (service.RetryPolicy is not null || service is { TargetSpecifierCase: GrpcService.TargetSpecifierOneofCase.EnvoyGrpc, EnvoyGrpc.RetryPolicy: not null })
        {
            context.WarnNoEffect("retries of what filters ask", "retry_policy");
        }

        var metadata = ReadMetadata(service.InitialMetadata, context);
        switch (service.TargetSpecifierCase)
        {
            case GrpcService.TargetSpecifierOneofCase.EnvoyGrpc:
                if (service.EnvoyGrpc.ClusterName.Length == 0)
                {
                    context.Error("envoy_grpc.cluster_name", "must not be empty");
                    return null;
                }

                if (service.EnvoyGrpc.Authority.AsSpan().ContainsAny('\r', '\n', '\0'))
                {
                    context.Error("envoy_grpc.authority", "must not contain line ends or NUL");
                    return null;
                }

                return new GrpcServiceConfig { ClusterName = service.EnvoyGrpc.ClusterName, Authority = service.EnvoyGrpc.Authority, Metadata = metadata };

            case GrpcService.TargetSpecifierOneofCase.GoogleGrpc:
                using (context.Enter("google_grpc"))
                {
                    return ReadTarget(service.GoogleGrpc, context) is { } target ? new GrpcServiceConfig { Target = target, Metadata = metadata } : null;
                }

            default:
                context.Error("target_specifier", "must be 'envoy_grpc' or 'google_grpc'");
                return null;
        }
    }

    private static Uri? ReadTarget(GrpcService.Types.GoogleGrpc service, DecodeContext context)
    {
        if (service.CallCredentials.Count > 0 || service.CredentialsFactoryName.Length > 0)
        {
            context.Error("call_credentials", "are not supported: name a cluster in 'envoy_grpc'");
        }

        var scheme = Uri.UriSchemeHttp;
        switch (service.ChannelCredentials?.CredentialSpecifierCase ?? Credentials.CredentialSpecifierOneofCase.None)
        {
            case Credentials.CredentialSpecifierOneofCase.None:
                break;

            case Credentials.CredentialSpecifierOneofCase.SslCredentials when service.ChannelCredentials is { SslCredentials: { RootCerts: null, PrivateKey: null, CertChain: null } }:
                scheme = Uri.UriSchemeHttps;
                break;

            default:
                // Certificates of one's own are a cluster's business, which knows how to renew them.
                context.Error("channel_credentials", "are not supported, except 'ssl_credentials' with the machine's own roots: name a cluster in 'envoy_grpc'");
                return null;
        }

        var name = service.TargetUri.StartsWith("dns:", StringComparison.OrdinalIgnoreCase) ? service.TargetUri["dns:".Length..].TrimStart('/') : service.TargetUri;
        if (!Uri.TryCreate($"{scheme}://{name}/", UriKind.Absolute, out var target) || target.PathAndQuery != "/" || name.Contains("://", StringComparison.Ordinal))
        {
            context.Error("target_uri", $"'{service.TargetUri}' is no host and port: write 'limits.example:8081' or 'dns:///limits.example:8081'");
            return null;
        }

        return target;
    }

    private static ImmutableArray<KeyValuePair<string, string>> ReadMetadata(RepeatedField<HeaderValue> headers, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(headers.Count);
        for (var i = 0; i < headers.Count; i++)
        {
            using var scope = context.Enter("initial_metadata", i);
            if (HeaderMutationReader.ReadReference(headers[i].Key, "key", context) is not { } name)
            {
                continue;
            }

            if (name[0] == ':' || name.StartsWith("grpc-", StringComparison.Ordinal) || name.EndsWith("-bin", StringComparison.Ordinal) || headers[i].Value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                context.Error("", $"'{name}' must be a header with text, and none of gRPC's own");
                continue;
            }

            read.Add(new(name, headers[i].Value));
        }

        return read.ToImmutable();
    }
}
