using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads what a listener says of requests before they are routed.</summary>
internal static class HttpConnectionReader
{
    /// <summary>Envoy's default of <c>stream_idle_timeout</c>; gRPC has none.</summary>
    private static readonly TimeSpan EnvoyStreamIdle = TimeSpan.FromMinutes(5);

    public static HttpConnectionConfig Read(HttpConnectionManager manager, DecodeContext context) => new()
    {
        MaxStreamDuration = DurationReader.Read(manager.CommonHttpProtocolOptions?.MaxStreamDuration, "common_http_protocol_options.max_stream_duration", context),
        StreamIdle = DurationReader.Read(manager.StreamIdleTimeout, "stream_idle_timeout", context) ?? (context.Dialect == XdsDialect.Envoy ? EnvoyStreamIdle : null),
        Path = ReadPath(manager, context),
        StripPort = ReadStripping(manager, context),
        StripTrailingDot = manager.StripTrailingHostDot,
        GeneratesRequestId = manager.GenerateRequestId,
    };

    private static PathNormalizationConfig ReadPath(HttpConnectionManager manager, DecodeContext context)
    {
        const string Field = "path_with_escaped_slashes_action";
        var escaped = EscapedSlashes.Keep;
        switch (manager.PathWithEscapedSlashesAction)
        {
            case HttpConnectionManager.Types.PathWithEscapedSlashesAction.ImplementationSpecificDefault:
            case HttpConnectionManager.Types.PathWithEscapedSlashesAction.KeepUnchanged:
                break;
            case HttpConnectionManager.Types.PathWithEscapedSlashesAction.RejectRequest:
                escaped = EscapedSlashes.Reject;
                break;
            case HttpConnectionManager.Types.PathWithEscapedSlashesAction.UnescapeAndRedirect:
                escaped = EscapedSlashes.UnescapeAndRedirect;
                break;
            case HttpConnectionManager.Types.PathWithEscapedSlashesAction.UnescapeAndForward:
                escaped = EscapedSlashes.UnescapeAndForward;
                break;
            default:
                // What a route's conditions see decides who may pass: an unknown way to read paths is no way.
                context.Error(Field, $"{manager.PathWithEscapedSlashesAction} must be KEEP_UNCHANGED, REJECT_REQUEST, UNESCAPE_AND_REDIRECT or UNESCAPE_AND_FORWARD");
                break;
        }

        return manager.NormalizePath == true || manager.MergeSlashes || escaped != EscapedSlashes.Keep
            ? new PathNormalizationConfig { ResolvesDots = manager.NormalizePath == true, MergesSlashes = manager.MergeSlashes, EscapedSlashes = escaped }
            : PathNormalizationConfig.None;
    }

    private static HostPortStripping ReadStripping(HttpConnectionManager manager, DecodeContext context)
    {
        if (manager.StripMatchingHostPort && manager.StripAnyHostPort)
        {
            context.Error("strip_matching_host_port", "must not be given together with strip_any_host_port");
        }

        return manager.StripAnyHostPort ? HostPortStripping.Any : manager.StripMatchingHostPort ? HostPortStripping.Matching : HostPortStripping.None;
    }
}
