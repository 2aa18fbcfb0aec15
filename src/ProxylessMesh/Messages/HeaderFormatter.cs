using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Messages;

/// <summary>
/// Writes the value of a header to add. A header that is absent is empty, anything else that is absent is <c>-</c>, as Envoy
/// has it. Stateless.
/// </summary>
internal static class HeaderFormatter
{
    private const string Absent = "-";

    public static string Format(HeaderFormat format, HeaderFormatContext context)
    {
        if (format.Parts is [{ Kind: HeaderFormatKind.Literal } only])
        {
            return only.Text;
        }

        var result = new StringBuilder();
        foreach (var part in format.Parts)
        {
            var value = ValueOf(part, context);
            result.Append(value, 0, Math.Min(value.Length, part.MaxLength));
        }

        return result.ToString();
    }

    private static string ValueOf(HeaderFormatPart part, HeaderFormatContext context) => part.Kind switch
    {
        HeaderFormatKind.Literal => part.Text,
        HeaderFormatKind.RequestHeader => Header(context.Request, part),
        HeaderFormatKind.RequestHeaderWithoutQuery => WithoutQuery(Header(context.Request, part)),
        HeaderFormatKind.ResponseHeader => Header(context.Response, part),
        HeaderFormatKind.Path => PathOf(part, context),
        HeaderFormatKind.PathWithoutQuery => WithoutQuery(PathOf(part, context)),
        HeaderFormatKind.Protocol => context.Protocol,
        HeaderFormatKind.HostName => Environment.MachineName,
        HeaderFormatKind.StartTime => Time(context.StartTime.ToUniversalTime(), part.Text),
        HeaderFormatKind.ResponseCode => context.ResponseCode.ToString(CultureInfo.InvariantCulture),
        HeaderFormatKind.RouteName => OrAbsent(context.RouteName),
        HeaderFormatKind.VirtualHostName => OrAbsent(context.VirtualHostName),
        HeaderFormatKind.VirtualClusterName => OrAbsent(context.VirtualClusterName),
        HeaderFormatKind.ClusterName => OrAbsent(context.ClusterName),
        HeaderFormatKind.Metadata => Metadata(part.Text, context),
        _ => Absent,
    };

    private static string OrAbsent(string? value) => string.IsNullOrEmpty(value) ? Absent : value;

    /// <summary>Text as it is, everything else as JSON.</summary>
    private static string Metadata(string path, HeaderFormatContext context)
    {
        var keys = path.Split(':');
        var found = context.Message is { } message ? RequestMetadata.Of(message)?.Find(keys[0], keys[1..]) : null;
        return found switch
        {
            null => Absent,
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            _ => found.ToJsonString(),
        };
    }

    /// <summary>The first value of a name.</summary>
    private static string Header(IHeaderMap? headers, HeaderFormatPart part)
    {
        if (headers is null)
        {
            return "";
        }

        var values = headers.GetHeader(part.Text);
        if (values.Count == 0 && part.Alternative.Length > 0)
        {
            values = headers.GetHeader(part.Alternative);
        }

        return values.Count == 0 ? "" : values[0] ?? "";
    }

    private static string PathOf(HeaderFormatPart part, HeaderFormatContext context)
        => part.Text.EndsWith(":PATH", StringComparison.Ordinal) ? context.Request.GetHeader(":path").ToString() : context.OriginalPath;

    private static string WithoutQuery(string path) => RequestPath.WithoutQuery(path).ToString();

    private static string Time(DateTimeOffset time, string format)
    {
        if (format.Length == 0)
        {
            return time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }

        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }

            // The parser lets only these pass.
            var letter = format[++i];
            result.Append(letter switch
            {
                'Y' => time.ToString("yyyy", CultureInfo.InvariantCulture),
                'm' => time.ToString("MM", CultureInfo.InvariantCulture),
                'd' => time.ToString("dd", CultureInfo.InvariantCulture),
                'H' => time.ToString("HH", CultureInfo.InvariantCulture),
                'M' => time.ToString("mm", CultureInfo.InvariantCulture),
                'S' => time.ToString("ss", CultureInfo.InvariantCulture),
                'F' => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                'T' => time.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                _ => Fraction(time, letter == 'f' ? 9 : letter - '0'),
            });
            i += char.IsAsciiDigit(letter) ? 1 : 0;
        }

        return result.ToString();
    }

    private static string Fraction(DateTimeOffset time, int digits)
    {
        var nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
        return nanoseconds.ToString("D9", CultureInfo.InvariantCulture)[..digits];
    }
}
