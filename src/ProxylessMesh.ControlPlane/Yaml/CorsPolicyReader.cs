using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>corsPolicy</c> of a route and the filter <c>CORS</c> of the Gateway API.</summary>
internal static class CorsPolicyReader
{
    public static CorsPolicy Read(FieldReader cors)
    {
        var origins = ImmutableArray.CreateBuilder<StringMatch>();
        cors.Objects("allowOrigins", origin =>
        {
            if (HttpMatchReader.ReadRequired(origin) is { } match)
            {
                origins.Add(match);
            }

            return origin;
        });
        var older = cors.Strings("allowOrigin");
        var result = new CorsPolicy
        {
            AllowOrigins = origins.Count == 0 ? [.. older.Select(Exact)] : origins.ToImmutable(),
            AllowMethods = cors.Strings("allowMethods"),
            AllowHeaders = cors.Strings("allowHeaders"),
            ExposeHeaders = cors.Strings("exposeHeaders"),
            MaxAge = DurationFieldReader.Read(cors, "maxAge"),
            AllowCredentials = cors.Has("allowCredentials") ? cors.Boolean("allowCredentials") : null,
            ForwardsUnmatchedPreflights = ReadPreflights(cors),
        };
        cors.Finish();
        if (result.MaxAge is { } age && age.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            cors.Error("maxAge", "must be a whole number of seconds");
        }

        return result;
    }

    /// <summary>An origin may begin with <c>*.</c> behind its scheme, or be <c>*</c>.</summary>
    public static CorsPolicy ReadGateway(FieldReader cors)
    {
        var result = new CorsPolicy
        {
            AllowOrigins = [.. cors.Strings("allowOrigins").Select(ToMatch)],
            AllowMethods = cors.Strings("allowMethods"),
            AllowHeaders = cors.Strings("allowHeaders"),
            ExposeHeaders = cors.Strings("exposeHeaders"),
            MaxAge = cors.Integer("maxAge", 1, int.MaxValue) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            AllowCredentials = cors.Has("allowCredentials") ? cors.Boolean("allowCredentials") : null,
        };
        cors.Finish();
        return result;
    }

    private static StringMatch Exact(string origin) => new(StringMatchKind.Exact, origin);

    private static StringMatch ToMatch(string origin) => origin.Contains('*', StringComparison.Ordinal)
        ? new StringMatch(StringMatchKind.Regex, origin.Replace(".", "\\.", StringComparison.Ordinal).Replace("*", ".*", StringComparison.Ordinal))
        : Exact(origin);

    private static bool ReadPreflights(FieldReader cors)
    {
        switch (cors.String("unmatchedPreflights"))
        {
            case null or "UNSPECIFIED" or "FORWARD":
                return true;
            case "IGNORE":
                return false;
            case { } other:
                cors.Error("unmatchedPreflights", $"must be FORWARD or IGNORE, not '{other}'");
                return true;
        }
    }
}
