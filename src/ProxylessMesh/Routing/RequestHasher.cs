using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>
/// Hashes requests by hash policies: each that finds something gives a hash, and they are combined by rotating what there is by one
/// bit and adding the next modulo 2 (gRFC A42). Allocates nothing unless a policy rewrites, joins several values or makes a cookie.
/// </summary>
internal sealed class RequestHasher(HashOrigin origin, IRandomSource random)
{
    private const int MaxStackBytes = 512;
    private const string BinarySuffix = "-bin";

    /// <param name="policies">The policies, in order.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="newCookies">The Set-Cookie headers that the response is to bring; <see langword="null"/> for none.</param>
    public RequestHash Hash<THeaders>(ImmutableArray<HashPolicyConfig> policies, in THeaders headers, out List<string>? newCookies)
        where THeaders : struct, IRequestHeaders
    {
        newCookies = null;
        ulong? combined = null;
        foreach (var policy in policies)
        {
            var hash = policy switch
            {
                HeaderHashPolicyConfig header => OfHeader(header, in headers),
                QueryHashPolicyConfig query => OfQuery(query, in headers),
                CookieHashPolicyConfig cookie => OfCookie(cookie, in headers, ref newCookies),
                SourceHashPolicyConfig => origin.Source,
                ChannelHashPolicyConfig => origin.Channel,
                _ => null,
            };
            if (hash is { } found)
            {
                combined = combined is { } before ? BitOperations.RotateLeft(before, 1) ^ found : found;
            }

            if (policy.IsTerminal && combined is not null)
            {
                break;
            }
        }

        return combined is { } value ? new RequestHash(value) : RequestHash.None;
    }

    private static ulong? OfHeader<THeaders>(HeaderHashPolicyConfig policy, in THeaders headers)
        where THeaders : struct, IRequestHeaders
    {
        var isJoined = policy.Values == HashedValues.JoinedInGrpc && GrpcRequest.IsGrpc(headers.GetHeader("content-type"));
        if (isJoined && policy.Name.EndsWith(BinarySuffix, StringComparison.Ordinal))
        {
            return null;
        }

        var values = headers.GetHeader(policy.Name);
        return values switch
        {
            [] => null,
            [var single] => OfText(Rewritten(policy, single)),
            _ when isJoined => OfText(Rewritten(policy, string.Join(',', values.Select(static value => value?.Trim(' ', '\t'))))),
            _ => OfValues(policy, values),
        };
    }

    /// <summary>Several values in ascending order, so that their order in the request makes no difference.</summary>
    private static ulong OfValues(HeaderHashPolicyConfig policy, StringValues values)
    {
        var sorted = new string[values.Count];
        for (var i = 0; i < sorted.Length; i++)
        {
            sorted[i] = Rewritten(policy, values[i]).ToString();
        }

        Array.Sort(sorted, StringComparer.Ordinal);
        var hash = 0UL;
        foreach (var value in sorted)
        {
            hash = OfText(value, hash);
        }

        return hash;
    }

    /// <summary>A value without the white space round it, which the wire drops (RFC 9110, 5.5), and rewritten where the policy says so.</summary>
    private static ReadOnlySpan<char> Rewritten(HeaderHashPolicyConfig policy, string? value)
    {
        var trimmed = value.AsSpan().Trim(" \t");
        return policy.Rewrite is null ? trimmed : policy.Rewrite.Apply(trimmed.ToString());
    }

    private static ulong? OfQuery<THeaders>(QueryHashPolicyConfig policy, in THeaders headers)
        where THeaders : struct, IRequestHeaders
        => RequestPath.TryGetParameter(RequestPath.QueryOf(headers.GetHeader(":path").ToString()), policy.Name, out var value) ? OfText(value) : null;

    private ulong? OfCookie<THeaders>(CookieHashPolicyConfig policy, in THeaders headers, ref List<string>? newCookies)
        where THeaders : struct, IRequestHeaders
    {
        if (RequestCookies.TryGet(headers.GetHeader("cookie"), policy.Name, out var value))
        {
            return OfText(value);
        }

        if (policy.TimeToLive is null)
        {
            return null;
        }

        var made = string.Create(CultureInfo.InvariantCulture, $"{random.Next(uint.MaxValue):x8}{random.Next(uint.MaxValue):x8}");
        (newCookies ??= []).Add(RequestCookies.Format(policy, made));
        return OfText(made);
    }

    private static ulong OfText(ReadOnlySpan<char> text, ulong seed = 0)
    {
        var maxLength = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = maxLength > MaxStackBytes ? ArrayPool<byte>.Shared.Rent(maxLength) : null;
        var bytes = rented ?? stackalloc byte[MaxStackBytes];
        var hash = XxHash64.HashToUInt64(bytes[..Encoding.UTF8.GetBytes(text, bytes)], unchecked((long)seed));
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }
}
