using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads and checks host names: lower-cased, without a trailing dot.</summary>
internal static class HostReader
{
    private const int MaxHostLength = 253;
    private const int MaxLabelLength = 63;

    /// <param name="spec">The mapping.</param>
    /// <param name="key">Its field.</param>
    /// <param name="isRequired">Whether an empty list is an error.</param>
    public static ImmutableArray<HostReference> ReadList(FieldReader spec, string key, bool isRequired = true)
    {
        var written = spec.Texts(key);
        if (written.IsEmpty && isRequired)
        {
            spec.Error(key, "must list at least one host");
        }

        return [.. written.Select(item => new HostReference(Read(spec, item.Text, isPattern: true, item.Source), item.Source))];
    }

    public static string ReadOne(FieldReader reader, string key, bool isPattern = false)
    {
        var host = reader.RequiredString(key);
        return host.Length == 0 ? host : Read(reader, host, isPattern, reader.Field(key));
    }

    private static string Read(FieldReader reader, string written, bool isPattern, SourceField source)
    {
        if (isPattern && written.Contains('*', StringComparison.Ordinal))
        {
            if (!IsPattern(written))
            {
                reader.Error(source, $"'{written}' is no wildcard host; write '*.example.com', or '*' for every host");
            }
        }
        else if (!IsHostName(written))
        {
            reader.Error(source, $"'{written}' is not a host name; write it without scheme, port and path");
        }

        return written.TrimEnd('.').ToLowerInvariant();
    }

    /// <summary>A host name, or <c>*</c>, or <c>*.</c> before a host name.</summary>
    public static bool IsPattern(string host)
        => host == "*" || IsHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host);

    /// <summary>Whether the name could stand in DNS; underscores are allowed, as Kubernetes tools use them.</summary>
    public static bool IsHostName(string host)
    {
        var name = host.EndsWith('.') ? host[..^1] : host;
        return name.Length is > 0 and <= MaxHostLength
            && name.Split('.').All(label => label.Length is > 0 and <= MaxLabelLength
                && label.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'));
    }
}
