using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>What the filters of a Gateway API rule or backend come to.</summary>
internal sealed record GatewayFilters(
    HeaderOperations Headers, HttpRedirect? Redirect, GatewayRewrite? Rewrite, ImmutableArray<GatewayMirror> Mirrors, CorsPolicy? Cors);

/// <summary>Reads <c>filters[]</c> of a Gateway API rule or backend.</summary>
internal static class GatewayFilterReader
{
    private const int DefaultRedirectCode = 302;
    private const string RequestHeaders = "RequestHeaderModifier";
    private const string ResponseHeaders = "ResponseHeaderModifier";
    private const string Redirect = "RequestRedirect";
    private const string Rewrite = "URLRewrite";
    private const string Mirror = "RequestMirror";

    public static GatewayFilters Read(FieldReader owner, string ns, bool isGrpc)
    {
        var result = new GatewayFilters(HeaderOperations.None, null, null, [], null);
        var types = new HashSet<string>(StringComparer.Ordinal);
        owner.Objects("filters", filter =>
        {
            result = Read(filter, result, types, ns, isGrpc);
            return filter;
        });
        return result;
    }

    private static GatewayFilters Read(FieldReader filter, GatewayFilters filters, HashSet<string> types, string ns, bool isGrpc)
    {
        var type = filter.RequiredString("type");

        // Several mirrors make sense, several of another type do not.
        if (type.Length > 0 && !types.Add(type) && type != Mirror)
        {
            filter.Error("type", $"{type} is given twice; merge the two");
        }

        switch (type)
        {
            case RequestHeaders:
                filters = filters with { Headers = filters.Headers with { Request = ReadHeaders(filter, "requestHeaderModifier") } };
                break;
            case ResponseHeaders:
                filters = filters with { Headers = filters.Headers with { Response = ReadHeaders(filter, "responseHeaderModifier") } };
                break;
            case Redirect when !isGrpc:
                filter.Required("requestRedirect");
                filters = filters with { Redirect = filter.Object("requestRedirect", ReadRedirect) };
                break;
            case Rewrite when !isGrpc:
                filter.Required("urlRewrite");
                filters = filters with { Rewrite = filter.Object("urlRewrite", ReadRewrite) };
                break;
            case Mirror:
                filter.Required("requestMirror");
                if (filter.Object("requestMirror", fields => GatewayBackendReader.ReadMirror(fields, ns)) is { } mirror && mirror.Share.Numerator > 0)
                {
                    filters = filters with { Mirrors = filters.Mirrors.Add(mirror) };
                }

                break;
            case "CORS" when !isGrpc:
                filter.Required("cors");
                filters = filters with { Cors = filter.Object("cors", CorsPolicyReader.ReadGateway) };
                break;
            case "":
                break;
            default:
                filter.Accept("cors", "extensionRef", "externalAuth", "requestRedirect", "urlRewrite");
                filter.Error("type", $"{type} is not supported here; known: {RequestHeaders}, {ResponseHeaders}, {Mirror}{(isGrpc ? "" : $", {Redirect}, {Rewrite}, CORS")}");
                break;
        }

        filter.Finish();
        return filters;
    }

    private static HeaderChanges ReadHeaders(FieldReader filter, string key)
    {
        filter.Required(key);
        return filter.Object(key, fields =>
        {
            var changes = new HeaderChanges { Set = ReadValues(fields, "set"), Add = ReadValues(fields, "add"), Remove = HeaderOperationsReader.ReadRemovals(fields) };
            fields.Finish();
            return changes;
        }) ?? HeaderChanges.None;
    }

    private static ImmutableSortedDictionary<string, string> ReadValues(FieldReader owner, string key)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        owner.Objects(key, fields =>
        {
            var name = fields.RequiredString("name");
            fields.Required("value");
            var value = fields.String("value") ?? "";
            fields.Finish();
            if (name.Length > 0
                && HeaderOperationsReader.CheckName(fields.Field("name"), name, fields)
                && HeaderOperationsReader.CheckValue(fields, "value", value)
                && !values.TryAdd(name.ToLowerInvariant(), value))
            {
                fields.Error("name", $"'{name}' is given twice; remove one");
            }

            return fields;
        });
        return values.ToImmutable();
    }

    private static HttpRedirect ReadRedirect(FieldReader redirect)
    {
        var scheme = redirect.String("scheme") ?? "";
        if (scheme is not ("" or "http" or "https"))
        {
            redirect.Error("scheme", $"must be http or https, not '{scheme}'");
        }

        var port = redirect.Port("port");
        var path = redirect.Object("path", ReadPath);
        var code = (int)(redirect.Integer("statusCode", 300, 399) ?? DefaultRedirectCode);
        if (code is not (301 or 302 or 303 or 307 or 308))
        {
            redirect.Error("statusCode", $"must be one of 301, 302, 303, 307, 308, not {code}");
        }

        var result = new HttpRedirect
        {
            Authority = RequestText.ReadAuthority(redirect, "hostname"),
            Scheme = scheme,
            Port = port,

            // A scheme stands for its own port; without one the request's is kept.
            IsRequestPort = port is null && scheme.Length == 0,
            Code = code,
            Uri = path?.Full ?? "",
            PrefixUri = path?.Prefix,
        };
        redirect.Finish();
        return result;
    }

    private static GatewayRewrite ReadRewrite(FieldReader rewrite)
    {
        var path = rewrite.Object("path", ReadPath);
        var result = new GatewayRewrite(RequestText.ReadAuthority(rewrite, "hostname"), path?.Full, path?.Prefix);
        rewrite.Finish();
        return result;
    }

    private static NewPath ReadPath(FieldReader path)
    {
        var type = path.RequiredString("type");
        var full = RequestText.ReadPath(path, "replaceFullPath");
        var prefix = RequestText.ReadPath(path, "replacePrefixMatch");
        path.Finish();
        switch (type)
        {
            case "ReplaceFullPath":
                RequireOnly(path, "replaceFullPath", "replacePrefixMatch", type);
                return new NewPath(full, null);
            case "ReplacePrefixMatch":
                RequireOnly(path, "replacePrefixMatch", "replaceFullPath", type);
                return new NewPath(null, prefix.Length > 1 ? prefix.TrimEnd('/') : "/");
            default:
                path.Error("type", $"must be ReplaceFullPath or ReplacePrefixMatch, not '{type}'");
                return new NewPath(null, null);
        }
    }

    private static void RequireOnly(FieldReader path, string key, string other, string type)
    {
        path.Required(key);
        if (path.Has(other))
        {
            path.Error(other, $"has no effect with type {type}; remove it");
        }
    }

    private sealed record NewPath(string? Full, string? Prefix);
}
