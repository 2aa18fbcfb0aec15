using System.Buffers;
using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads headers to add and remove.</summary>
internal static class HeaderMutationReader
{
    // RFC 9110, 5.6.2: what the name of a field may consist of.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz");

    public static HeaderMutationsConfig Read(
        RepeatedField<HeaderValueOption> requestAdditions,
        RepeatedField<string> requestRemovals,
        RepeatedField<HeaderValueOption> responseAdditions,
        RepeatedField<string> responseRemovals,
        DecodeContext context)
    {
        var headers = new HeaderMutationsConfig
        {
            RequestAdditions = ReadAdditions(requestAdditions, "request_headers_to_add", context),
            RequestRemovals = ReadNames(requestRemovals, "request_headers_to_remove", context),
            ResponseAdditions = ReadAdditions(responseAdditions, "response_headers_to_add", context),
            ResponseRemovals = ReadNames(responseRemovals, "response_headers_to_remove", context),
        };
        return headers.HasRequest || headers.HasResponse ? headers : HeaderMutationsConfig.None;
    }

    /// <returns>The names in lower case.</returns>
    public static ImmutableArray<string> ReadNames(RepeatedField<string> names, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<string>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (ReadName(names[i], "", context) is { } name)
            {
                read.Add(name);
            }
        }

        return read.ToImmutable();
    }

    /// <summary>The name, in lower case, of a header to look at: a pseudo-header is one too.</summary>
    public static string? ReadReference(string name, string field, DecodeContext context)
    {
        var lower = name.ToLowerInvariant();
        if (lower.Length == 0 || lower.AsSpan(lower[0] == ':' ? 1 : 0).ContainsAnyExcept(TokenCharacters))
        {
            context.Error(field, $"'{name}' is no header name");
            return null;
        }

        return lower;
    }

    /// <summary>The name, in lower case, of a header that may be changed: a request keeps its pseudo-headers and its host.</summary>
    public static string? ReadName(string name, string field, DecodeContext context)
    {
        var lower = ReadReference(name, field, context);
        if (lower is not null && (lower[0] == ':' || lower == "host"))
        {
            context.Error(field, $"'{name}' may not be changed: pseudo-headers and host have rewrites of their own");
            return null;
        }

        return lower;
    }

    public static ImmutableArray<HeaderAdditionConfig> ReadAdditions(RepeatedField<HeaderValueOption> additions, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<HeaderAdditionConfig>(additions.Count);
        for (var i = 0; i < additions.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (ReadAddition(additions[i], context) is { } addition)
            {
                read.Add(addition);
            }
        }

        return read.ToImmutable();
    }

    /// <summary>One header to add.</summary>
    public static HeaderAdditionConfig? ReadAddition(HeaderValueOption addition, DecodeContext context)
    {
        var name = ReadName(addition.Header?.Key ?? "", "header.key", context);
        var text = addition.Header is { RawValue.Length: > 0 } raw ? raw.RawValue.ToStringUtf8() : addition.Header?.Value ?? "";
        if (text.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            context.Error("header.value", "must not contain line ends or NUL");
            return null;
        }

        if (!HeaderFormatParser.TryParse(text, out var value, out var error))
        {
            context.Error("header.value", $"'{text}': {error}");
            return null;
        }

        if (addition.Append is not null && addition.AppendAction != HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd)
        {
            context.Error("append", "and 'append_action' exclude each other: give 'append_action'");
        }

        var action = addition.AppendAction switch
        {
            HeaderValueOption.Types.HeaderAppendAction.AddIfAbsent => HeaderAppendAction.AddIfAbsent,
            HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd => HeaderAppendAction.OverwriteIfExistsOrAdd,
            HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExists => HeaderAppendAction.OverwriteIfExists,
            _ => addition.Append == false ? HeaderAppendAction.OverwriteIfExistsOrAdd : HeaderAppendAction.AppendIfExistsOrAdd,
        };
        return name is null ? null : new HeaderAdditionConfig(name, value, action, addition.KeepEmptyValue);
    }
}
