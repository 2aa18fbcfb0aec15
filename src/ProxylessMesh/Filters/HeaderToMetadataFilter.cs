using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>Takes what headers say into the request's metadata, where headers to add and other filters find it.</summary>
internal sealed class HeaderToMetadataFilter : HttpFilter
{
    private readonly HeaderToMetadataConfig _config;

    private HeaderToMetadataFilter(HeaderToMetadataConfig config) => _config = config;

    /// <returns><see langword="null"/> where there are no rules.</returns>
    public static HeaderToMetadataFilter? Create(FilterSetup setup)
        => setup.Find<HeaderToMetadataConfig>() is { } config && config.Request.Length + config.Response.Length > 0 ? new HeaderToMetadataFilter(config) : null;

    public override FilterAction? Begin(in FilterRequest request) => new HeaderToMetadataAction(_config);

    private sealed class HeaderToMetadataAction(HeaderToMetadataConfig config) : FilterAction
    {
        /// <summary>As long as Envoy lets a value be.</summary>
        private const int MaxLength = 64 * 1024;

        public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
        {
            var copy = OutgoingRequest.Copy(request.Message, request.Path);
            var metadata = DynamicMetadata.Ensure(copy);
            Apply(config.Request, new RequestHeaderMap(copy, request.Host), metadata);
            var response = await next(copy, cancellationToken).ConfigureAwait(false);
            if (config.Response.Length > 0)
            {
                Apply(config.Response, new ResponseHeaderMap(response), metadata);
            }

            return response;
        }

        private static void Apply(IEnumerable<MetadataRuleConfig> rules, IHeaderMap headers, DynamicMetadata metadata)
        {
            foreach (var rule in rules)
            {
                var values = rule.IsCookie ? CookieOf(headers.GetHeader("cookie"), rule.Name) : headers.GetHeader(rule.Name);
                if (values.Count == 0)
                {
                    Set(rule.OnMissing, "", metadata);
                    continue;
                }

                Set(rule.OnPresent, values.ToString(), metadata);
                if (rule.Removes)
                {
                    headers.Remove(rule.Name);
                }
            }
        }

        private static void Set(MetadataEntryConfig? entry, string said, DynamicMetadata metadata)
        {
            if (entry is null)
            {
                return;
            }

            var value = entry.Value.Length > 0 ? entry.Value : entry.Rewrite is { } rewrite ? rewrite.Apply(said) : said;
            if (value.Length is 0 or > MaxLength)
            {
                return;
            }

            if (entry.IsBase64)
            {
                var bytes = new byte[value.Length];
                if (!Convert.TryFromBase64String(value, bytes, out var count))
                {
                    return;
                }

                value = Encoding.UTF8.GetString(bytes, 0, count);
            }

            if (!entry.IsNumber)
            {
                metadata.Set(entry.Namespace, entry.Key, new MetadataValue(value, IsNumber: false));
            }
            else if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                metadata.Set(entry.Namespace, entry.Key, new MetadataValue(number.ToString("R", CultureInfo.InvariantCulture), IsNumber: true));
            }
        }

        private static StringValues CookieOf(StringValues headers, string name)
        {
            foreach (var header in headers)
            {
                foreach (var pair in (header ?? "").Split(';', StringSplitOptions.TrimEntries))
                {
                    if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
                    {
                        return pair[(name.Length + 1)..].Trim('"');
                    }
                }
            }

            return StringValues.Empty;
        }
    }
}
