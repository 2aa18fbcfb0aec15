using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads what a route answers by itself: redirects and direct responses.</summary>
internal static class LocalActionReader
{
    public static RedirectActionConfig ReadRedirect(RedirectAction redirect, DecodeContext context)
    {
        var path = redirect.PathRewriteSpecifierCase == RedirectAction.PathRewriteSpecifierOneofCase.PathRedirect ? redirect.PathRedirect : null;
        RewriteReader.CheckPath(path ?? "", "path_redirect", context);
        RewriteReader.CheckPath(redirect.HostRedirect, "host_redirect", context);
        RewriteReader.CheckPath(redirect.SchemeRedirect, "scheme_redirect", context);
        if (redirect.PortRedirect > ushort.MaxValue)
        {
            context.Error("port_redirect", $"{redirect.PortRedirect} must be a port, {ushort.MaxValue} at most");
        }

        return new RedirectActionConfig
        {
            Status = redirect.ResponseCode switch
            {
                RedirectAction.Types.RedirectResponseCode.Found => 302,
                RedirectAction.Types.RedirectResponseCode.SeeOther => 303,
                RedirectAction.Types.RedirectResponseCode.TemporaryRedirect => 307,
                RedirectAction.Types.RedirectResponseCode.PermanentRedirect => 308,
                _ => 301,
            },
            Scheme = redirect.SchemeRedirect.Length > 0 ? redirect.SchemeRedirect : redirect.HttpsRedirect ? Uri.UriSchemeHttps : null,
            Host = redirect.HostRedirect.Length > 0 ? redirect.HostRedirect : null,
            Port = redirect.PortRedirect > 0 ? redirect.PortRedirect : null,
            Path = string.IsNullOrEmpty(path) ? null : path,
            PathRewrite = redirect.PathRewriteSpecifierCase switch
            {
                RedirectAction.PathRewriteSpecifierOneofCase.PrefixRewrite => RewriteReader.ReadPrefix(redirect.PrefixRewrite, context),
                RedirectAction.PathRewriteSpecifierOneofCase.RegexRewrite => RewriteReader.ReadPathRegex(redirect.RegexRewrite, context),
                _ => null,
            },
            StripQuery = redirect.StripQuery,
        };
    }

    /// <param name="direct">The message.</param>
    /// <param name="maxBodyBytes"><c>max_direct_response_body_size_bytes</c>.</param>
    /// <param name="context">Takes the errors.</param>
    public static DirectResponseActionConfig ReadDirectResponse(DirectResponseAction direct, uint maxBodyBytes, DecodeContext context)
    {
        if (direct.Status is < 200 or > 599)
        {
            context.Error("status", $"{direct.Status} must be from 200 to 599");
        }

        if (direct.BodyFormat is not null)
        {
            context.Error("body_format", "is not supported: give 'body'");
        }

        var body = "";
        switch (direct.Body?.SpecifierCase)
        {
            case DataSource.SpecifierOneofCase.InlineString:
                body = direct.Body.InlineString;
                break;
            case DataSource.SpecifierOneofCase.InlineBytes:
                body = direct.Body.InlineBytes.ToStringUtf8();
                break;
            case DataSource.SpecifierOneofCase.Filename or DataSource.SpecifierOneofCase.EnvironmentVariable:
                // Files and variables of an application are no business of its control plane.
                context.Error("body", "must be given as 'inline_string' or 'inline_bytes': the mesh reads neither files nor variables of the application");
                break;
        }

        var size = System.Text.Encoding.UTF8.GetByteCount(body);
        if (size > maxBodyBytes)
        {
            context.Error("body", $"{size} bytes are more than max_direct_response_body_size_bytes, {maxBodyBytes}");
        }

        return new DirectResponseActionConfig((int)direct.Status, body);
    }
}
