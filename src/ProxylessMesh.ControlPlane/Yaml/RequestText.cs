using System.Buffers;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Checks texts that will stand in requests: what is wrong here would be rejected by every client later.</summary>
internal static class RequestText
{
    private static readonly SearchValues<char> NotInHost = SearchValues.Create(" \t\r\n\0/?#@\\");

    /// <summary>Reads a path that replaces another; empty when it is absent or wrong.</summary>
    public static string ReadPath(FieldReader owner, string key)
    {
        if (owner.String(key) is not { } path)
        {
            return "";
        }

        if (!path.StartsWith('/'))
        {
            owner.Error(key, $"'{path}' is no path; it must start with '/'");
            return "";
        }

        return CheckVisible(owner, key, path) ? path : "";
    }

    /// <summary>Reads a host with or without a port; empty when it is absent or wrong.</summary>
    public static string ReadAuthority(FieldReader owner, string key)
        => owner.String(key) is { } host && CheckAuthority(owner, key, host) ? host : "";

    /// <summary>Notes an error unless the text is a host with or without a port.</summary>
    public static bool CheckAuthority(FieldReader owner, string key, string host)
    {
        if (host.Length == 0 || host.AsSpan().ContainsAny(NotInHost))
        {
            owner.Error(key, $"'{host}' is not a host, with or without a port");
            return false;
        }

        return CheckVisible(owner, key, host);
    }

    /// <summary>Notes an error unless the text may stand in a request line as it is.</summary>
    public static bool CheckVisible(FieldReader owner, string key, string text)
    {
        if (text.All(character => character is > ' ' and < '\x7f'))
        {
            return true;
        }

        owner.Error(key, $"'{text}' must be ASCII without white space; percent-encode the rest");
        return false;
    }
}
