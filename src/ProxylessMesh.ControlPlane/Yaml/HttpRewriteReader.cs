using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Matching;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>rewrite</c> of a route.</summary>
internal static class HttpRewriteReader
{
    public static HttpRewrite Read(FieldReader rewrite)
    {
        var result = new HttpRewrite
        {
            Uri = RequestText.ReadPath(rewrite, "uri"),
            Authority = RequestText.ReadAuthority(rewrite, "authority"),
            UriRegex = rewrite.Object("uriRegexRewrite", ReadRegex),
        };
        rewrite.Finish();
        if (rewrite.Has("uri") && rewrite.Has("uriRegexRewrite"))
        {
            rewrite.Error("uriRegexRewrite", "excludes 'uri'; remove one of them");
        }
        else if (!rewrite.Has("uri") && !rewrite.Has("uriRegexRewrite") && !rewrite.Has("authority"))
        {
            rewrite.Error(rewrite.Self, "must give uri, uriRegexRewrite or authority");
        }

        return result;
    }

    private static RegexSubstitution ReadRegex(FieldReader fields)
    {
        var match = fields.RequiredString("match");
        fields.Required("rewrite");
        var rewrite = fields.String("rewrite") ?? "";
        fields.Finish();
        if (match.Length == 0)
        {
            return new RegexSubstitution("", rewrite);
        }

        if (!SafeRegex.TryParse(match, out var pattern, out var error))
        {
            fields.Error("match", $"'{match}' is not a regular expression without back-references and look-around (RE2): {error}");
        }
        else if (RequestText.CheckVisible(fields, "rewrite", rewrite) && !RegexRewrite.TryParse(pattern, rewrite, out _, out error))
        {
            fields.Error("rewrite", $"'{rewrite}': {error}");
        }

        return new RegexSubstitution(match, rewrite);
    }
}
