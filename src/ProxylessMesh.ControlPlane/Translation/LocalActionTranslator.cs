using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes what a route answers by itself: redirects and direct responses.</summary>
internal static class LocalActionTranslator
{
    private const int HttpPort = 80;
    private const int HttpsPort = 443;

    /// <param name="redirect">As the file has it.</param>
    /// <param name="listenerPort">The port that requests to these routes were sent to.</param>
    public static RedirectAction Redirect(HttpRedirect redirect, int listenerPort)
    {
        var action = new RedirectAction
        {
            HostRedirect = redirect.Authority,
            PortRedirect = (uint)PortOf(redirect, listenerPort),
            ResponseCode = redirect.Code switch
            {
                302 => RedirectAction.Types.RedirectResponseCode.Found,
                303 => RedirectAction.Types.RedirectResponseCode.SeeOther,
                307 => RedirectAction.Types.RedirectResponseCode.TemporaryRedirect,
                308 => RedirectAction.Types.RedirectResponseCode.PermanentRedirect,
                _ => RedirectAction.Types.RedirectResponseCode.MovedPermanently,
            },
        };
        if (redirect.PrefixUri is { } prefix)
        {
            action.PrefixRewrite = prefix;
        }
        else if (redirect.Uri.Length > 0)
        {
            action.PathRedirect = redirect.Uri;
        }

        if (redirect.Scheme.Length > 0)
        {
            action.SchemeRedirect = redirect.Scheme;
        }

        return action;
    }

    public static DirectResponseAction DirectResponse(HttpDirectResponse direct) => new()
    {
        Status = (uint)direct.Status,
        Body = direct.Body is null ? null : new DataSource { InlineString = direct.Body },
    };

    // As istiod does: the port that the scheme stands for is not written. Requests in the mesh are plain HTTP to the routes.
    private static int PortOf(HttpRedirect redirect, int listenerPort)
    {
        var port = redirect.IsRequestPort ? listenerPort : redirect.Port ?? 0;
        var isHttps = redirect.Scheme == "https";
        return port == (isHttps ? HttpsPort : HttpPort) ? 0 : port;
    }
}
