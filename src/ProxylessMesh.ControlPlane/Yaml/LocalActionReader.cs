using System.Text;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads what a route answers by itself: redirects and direct responses.</summary>
internal static class LocalActionReader
{
    private const string FromProtocolDefault = "FROM_PROTOCOL_DEFAULT";
    private const string FromRequestPort = "FROM_REQUEST_PORT";
    private const int DefaultCode = 301;

    public static HttpRedirect ReadRedirect(FieldReader redirect)
    {
        var result = new HttpRedirect
        {
            Uri = RequestText.ReadPath(redirect, "uri"),
            Authority = RequestText.ReadAuthority(redirect, "authority"),
            Scheme = ReadScheme(redirect),
            Port = redirect.Port("port"),
            IsRequestPort = ReadDerivePort(redirect),
            Code = ReadCode(redirect),
        };
        redirect.Finish();
        if (redirect.Has("port") && redirect.Has("derivePort"))
        {
            redirect.Error("derivePort", "excludes 'port'; remove one of them");
        }

        string[] targets = ["uri", "authority", "scheme", "port", "derivePort"];
        if (!targets.Any(redirect.Has))
        {
            redirect.Error(redirect.Self, $"would lead back to the same address; give one of {string.Join(", ", targets)}");
        }

        return result;
    }

    public static HttpDirectResponse ReadDirectResponse(FieldReader direct)
    {
        direct.Required("status");
        var status = (int)(direct.Integer("status", 200, 599) ?? 0);
        var body = direct.Object("body", ReadBody)?.Text;
        direct.Finish();
        return new HttpDirectResponse(status, body);
    }

    private static Body ReadBody(FieldReader body)
    {
        body.Required("string");
        var text = body.String("string");
        body.Finish("bytes");
        var size = text is null ? 0 : Encoding.UTF8.GetByteCount(text);
        if (size > HttpDirectResponse.MaxBodyBytes)
        {
            body.Error("string", $"{size} bytes are more than {HttpDirectResponse.MaxBodyBytes}, which a body may have");
        }

        return new Body(text);
    }

    private static string ReadScheme(FieldReader redirect)
    {
        var scheme = redirect.String("scheme");
        if (scheme is null or "http" or "https")
        {
            return scheme ?? "";
        }

        redirect.Error("scheme", $"must be http or https, not '{scheme}'");
        return "";
    }

    private static bool ReadDerivePort(FieldReader redirect)
    {
        var derive = redirect.String("derivePort");
        if (derive is not (null or FromProtocolDefault or FromRequestPort))
        {
            redirect.Error("derivePort", $"must be {FromProtocolDefault} or {FromRequestPort}, not '{derive}'");
        }

        return derive == FromRequestPort;
    }

    private static int ReadCode(FieldReader redirect)
    {
        var code = (int)(redirect.Integer("redirectCode", 0, 999) ?? 0);
        if (code is 0 or 301 or 302 or 303 or 307 or 308)
        {
            return code == 0 ? DefaultCode : code;
        }

        redirect.Error("redirectCode", $"must be one of 301, 302, 303, 307, 308, not {code}");
        return DefaultCode;
    }

    /// <summary>The text of a body, which is missing when it was reported.</summary>
    private sealed record Body(string? Text);
}
