using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>
/// Notes what headers and cookies say (<c>envoy.filters.http.header_to_metadata</c>), for filters and header values that come later. The most
/// specific configuration takes the place of the others. Immutable.
/// </summary>
internal sealed class HeaderToMetadataFilter : HttpFilter
{
    private readonly HeaderToMetadataConfig _config;
    private readonly MetadataAction _action;

    private HeaderToMetadataFilter(HeaderToMetadataConfig config)
    {
        _config = config;
        _action = new MetadataAction(config);
    }

    public static HeaderToMetadataFilter? Create(FilterSetup setup)
        => (setup.Overrides.LastOrDefault() ?? setup.Filter.Config) is HeaderToMetadataConfig config ? new HeaderToMetadataFilter(config) : null;

    public override FilterAction? Begin(in FilterRequest request) => _config.Request.IsEmpty && _config.Response.IsEmpty ? null : _action;

    /// <returns>What is to be noted, or <see langword="null"/> for nothing.</returns>
    private static JsonValue? ValueOf(MetadataValueConfig config, string found)
    {
        // 1. The value: the rule's own, or what was found.
        var text = config.Value.Length > 0 ? config.Value : config.Rewrite?.Apply(found) ?? found;
        if (text.Length == 0)
        {
            return null;
        }

        // 2. Decoded.
        if (config.IsBase64)
        {
            var bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var length))
            {
                return null;
            }

            text = Encoding.UTF8.GetString(bytes, 0, length);
        }

        // 3. As what it is said to be.
        return config.Type == MetadataValueType.Text
            ? JsonValue.Create(text)
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : null;
    }

    private static void Apply(ImmutableArray<MetadataRuleConfig> rules, Func<string, StringValues> find, Action<string> remove, RequestMetadata metadata)
    {
        foreach (var rule in rules)
        {
            var found = rule.Header is { } header
                ? find(header) is { Count: > 0 } values ? string.Join(',', values.ToArray()) : null
                : RequestCookies.TryGet(find("cookie"), rule.Cookie, out var cookie) ? cookie.ToString() : null;
            var value = found is null ? rule.Missing : rule.Present;
            if (value is not null && ValueOf(value, found ?? "") is { } noted)
            {
                metadata.Set(value.Namespace, value.Key, noted);
            }

            if (rule is { Removes: true, Header: { } name } && found is not null)
            {
                remove(name);
            }
        }
    }

    private sealed class MetadataAction(HeaderToMetadataConfig config) : FilterAction
    {
        public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            var copy = OutgoingRequest.Copy(request.Message);
            var metadata = RequestMetadata.For(copy);
            var requestHeaders = new RequestHeaderMap(copy, request.Host);
            Apply(config.Request, requestHeaders.GetHeader, requestHeaders.Remove, metadata);
            var response = await next(copy, cancellationToken).ConfigureAwait(false);
            var responseHeaders = new ResponseHeaderMap(response);
            Apply(config.Response, responseHeaders.GetHeader, responseHeaders.Remove, metadata);
            return response;
        }
    }
}
