using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Messages;

/// <summary>Reads cookies of requests, and writes those that a hash policy makes. Stateless.</summary>
internal static class RequestCookies
{
    /// <summary>Finds the first cookie of a name that has a value; quotes round it are no part of it.</summary>
    public static bool TryGet(StringValues headers, ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        foreach (var header in headers)
        {
            foreach (var range in header.AsSpan().Split(';'))
            {
                var cookie = header.AsSpan(range).Trim(" \t");
                var equals = cookie.IndexOf('=');
                if (equals >= 0 && cookie[..equals].SequenceEqual(name))
                {
                    value = cookie[(equals + 1)..];
                    if (value is ['"', .., '"'])
                    {
                        value = value[1..^1];
                    }

                    if (!value.IsEmpty)
                    {
                        return true;
                    }
                }
            }
        }

        value = default;
        return false;
    }

    /// <summary>The Set-Cookie header of a cookie, in the form that Envoy gives it.</summary>
    public static string Format(CookieHashPolicyConfig policy, string value)
    {
        var header = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{policy.Name}=\"{value}\"");
        if (policy.TimeToLive is { } timeToLive && timeToLive > TimeSpan.Zero)
        {
            header.Append(CultureInfo.InvariantCulture, $"; Max-Age={(long)timeToLive.TotalSeconds}");
        }

        if (policy.Path.Length > 0)
        {
            header.Append("; Path=").Append(policy.Path);
        }

        foreach (var (name, attribute) in policy.Attributes)
        {
            header.Append("; ").Append(name);
            if (attribute.Length > 0)
            {
                header.Append('=').Append(attribute);
            }
        }

        return header.Append("; HttpOnly").ToString();
    }
}
