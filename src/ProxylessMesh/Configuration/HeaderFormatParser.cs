using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ProxylessMesh.Configuration;

/// <summary>
/// Parses the value of a header to add: text with commands between percent signs, <c>%NAME%</c>, <c>%NAME(argument)%</c> or
/// <c>%NAME(argument):length%</c>; <c>%%</c> is one sign (Envoy's custom request and response headers). Stateless.
/// </summary>
internal static class HeaderFormatParser
{
    /// <summary>
    /// Commands about what only a proxy has: its downstream connection, its filters. <c>ENVIRONMENT</c> is one of them on
    /// purpose: the process is somebody's application, and its variables are no business of a control plane.
    /// </summary>
    private static readonly ImmutableArray<string> AbsentInClient =
    [
        "DOWNSTREAM_", "UPSTREAM_", "CONNECTION_", "ENVIRONMENT", "CLUSTER_METADATA", "FILTER_STATE", "PER_REQUEST_STATE", "METADATA",
        "REQUESTED_SERVER_NAME", "RESPONSE_FLAGS", "RESPONSE_CODE_DETAILS", "BYTES_", "DURATION", "STREAM_ID", "UNIQUE_ID", "TRACE_ID", "ATTEMPT_COUNT", "EMIT_TIME",
    ];

    /// <param name="text">The value as it was configured.</param>
    /// <param name="format">The value, parsed.</param>
    /// <param name="error">What is wrong with it, in words for whoever wrote it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out HeaderFormat? format, [NotNullWhen(false)] out string? error)
    {
        var parts = ImmutableArray.CreateBuilder<HeaderFormatPart>();
        format = null;
        error = null;
        for (var i = 0; i < text.Length;)
        {
            var percent = text.IndexOf('%', i);
            if (percent < 0)
            {
                parts.Add(new HeaderFormatPart(HeaderFormatKind.Literal, text[i..]));
                break;
            }

            if (percent > i)
            {
                parts.Add(new HeaderFormatPart(HeaderFormatKind.Literal, text[i..percent]));
            }

            if (percent + 1 < text.Length && text[percent + 1] == '%')
            {
                parts.Add(new HeaderFormatPart(HeaderFormatKind.Literal, "%"));
                i = percent + 2;
                continue;
            }

            if (ReadCommand(text, percent, out i, out error) is not { } part)
            {
                error ??= "a '%' that stands for itself is written '%%'";
                return false;
            }

            parts.Add(part);
        }

        format = new HeaderFormat(parts.ToImmutable());
        return true;
    }

    private static HeaderFormatPart? ReadCommand(string text, int start, out int next, out string? error)
    {
        // 1. The name.
        next = start + 1;
        while (next < text.Length && (char.IsAsciiLetterUpper(text[next]) || char.IsAsciiDigit(text[next]) || text[next] == '_'))
        {
            next++;
        }

        var name = text[(start + 1)..next];
        error = null;

        // 2. The argument, which may contain percent signs itself (START_TIME).
        string? argument = null;
        if (next < text.Length && text[next] == '(')
        {
            var close = text.IndexOf(')', next);
            if (close < 0)
            {
                error = $"'%{name}(' is not closed";
                return null;
            }

            argument = text[(next + 1)..close];
            next = close + 1;
        }

        // 3. The length.
        var maxLength = int.MaxValue;
        if (next < text.Length && text[next] == ':')
        {
            var end = text.IndexOf('%', next);
            if (end < 0 || !int.TryParse(text.AsSpan((next + 1)..end), NumberStyles.None, CultureInfo.InvariantCulture, out maxLength))
            {
                error = $"'%{name}' must be followed by a length and '%'";
                return null;
            }

            next = end;
        }

        if (name.Length == 0 || next >= text.Length || text[next] != '%')
        {
            return null;
        }

        next++;
        var part = Command(name, argument);
        error = part is null ? $"'%{name}{(argument is null ? "" : $"({argument})")}%' is no command known here" : null;
        return part is null ? null : part with { MaxLength = maxLength };
    }

    private static HeaderFormatPart? Command(string name, string? argument) => (name, argument) switch
    {
        ("REQ" or "REQUEST_HEADER", { Length: > 0 }) => Header(HeaderFormatKind.RequestHeader, argument),
        ("REQ_WITHOUT_QUERY", { Length: > 0 }) => Header(HeaderFormatKind.RequestHeaderWithoutQuery, argument),
        ("RESP" or "RESPONSE_HEADER", { Length: > 0 }) => Header(HeaderFormatKind.ResponseHeader, argument),
        ("PATH", null or "" or "WQ" or "WQ:ORIG" or "WQ:PATH" or "WQ:ORIG_OR_PATH") => new(HeaderFormatKind.Path, argument ?? ""),
        ("PATH", "NQ" or "NQ:ORIG" or "NQ:PATH" or "NQ:ORIG_OR_PATH") => new(HeaderFormatKind.PathWithoutQuery, argument),
        ("PROTOCOL", null) => new(HeaderFormatKind.Protocol, ""),
        ("HOSTNAME", null) => new(HeaderFormatKind.HostName, ""),
        ("START_TIME", _) => IsTimeFormat(argument ?? "") ? new(HeaderFormatKind.StartTime, argument ?? "") : null,
        ("RESPONSE_CODE", null) => new(HeaderFormatKind.ResponseCode, ""),
        ("ROUTE_NAME", null) => new(HeaderFormatKind.RouteName, ""),
        ("VIRTUAL_HOST_NAME", null) => new(HeaderFormatKind.VirtualHostName, ""),
        ("VIRTUAL_CLUSTER_NAME", null) => new(HeaderFormatKind.VirtualClusterName, ""),
        ("UPSTREAM_CLUSTER" or "UPSTREAM_CLUSTER_RAW", null) => new(HeaderFormatKind.ClusterName, ""),
        ("DYNAMIC_METADATA", { Length: > 0 }) => new(HeaderFormatKind.Metadata, argument),
        _ when AbsentInClient.Any(prefix => prefix.EndsWith('_') ? name.StartsWith(prefix, StringComparison.Ordinal) : name == prefix) => new(HeaderFormatKind.Absent, ""),
        _ => null,
    };

    private static HeaderFormatPart? Header(HeaderFormatKind kind, string argument)
    {
        var names = argument.ToLowerInvariant().Split('?');
        return names.Length <= 2 && names[0].Length > 0 ? new HeaderFormatPart(kind, names[0], names.Length == 2 ? names[1] : "") : null;
    }

    /// <summary>The letters of strftime that say something of their own: date and time, seconds since 1970, fractions of a second.</summary>
    private static bool IsTimeFormat(string format)
    {
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                continue;
            }

            i += i + 2 < format.Length && char.IsBetween(format[i + 1], '1', '9') && format[i + 2] == 'f' ? 2 : 1;
            if (i >= format.Length || !"YmdHMSsFTf".Contains(format[i], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
