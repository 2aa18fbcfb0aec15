using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Grpc.Core;

namespace ProxylessMesh.Xds;

/// <summary>
/// A token that proves to a control plane who this process is, in a file that somebody renews (gRFC A97). Kept until 30 s
/// before it expires; read again when it is asked for within a minute before that, and used on if that fails. There is
/// no backoff of its own: it is asked for when a stream is opened, which backs off by itself. Safe for concurrent use.
/// </summary>
internal sealed class JwtTokenFile(string path, TimeProvider timeProvider)
{
    // A token is a header line: HTTP/2 peers take 16 KiB of them, some a little more.
    private const int MaxBytes = 64 * 1024;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RefreshBefore = TimeSpan.FromMinutes(1);

    /// <summary>The token read last; swapped whole.</summary>
    private volatile CachedToken? _cached;

    /// <summary>The token, for the header <c>authorization</c>.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: the file cannot be read. UNAUTHENTICATED: it holds no token that tells when it expires.</exception>
    public async Task<string> GetTokenAsync(CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        if (_cached is { } fresh && fresh.Expiry - now > RefreshBefore)
        {
            return fresh.Text;
        }

        try
        {
            var read = Parse(await ReadAsync(cancellationToken).ConfigureAwait(false));
            _cached = read;
            return read.Text;
        }
        catch (RpcException) when (_cached is { } cached && cached.Expiry > now)
        {
            // The renewal is late, and the token that is there still good.
            return cached.Text;
        }
    }

    private async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
            await using var _ = file.ConfigureAwait(false);
            var buffer = new byte[MaxBytes + 1];
            var length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return length <= MaxBytes ? Encoding.UTF8.GetString(buffer, 0, length).Trim() : throw Invalid($"is longer than {MaxBytes} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Failure(StatusCode.Unavailable, exception is FileNotFoundException or DirectoryNotFoundException ? "does not exist" : "cannot be read");
        }
    }

    // Whether the token is any good is for the server to say; here only its expiry counts. Nothing of it is ever quoted.
    private CachedToken Parse(string text)
    {
        var parts = text.Split('.');
        if (parts.Length != 3 || !Array.TrueForAll(parts, static part => part.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '=')))
        {
            throw Invalid("holds no JWT");
        }

        try
        {
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (payload.RootElement is { ValueKind: JsonValueKind.Object } claims
                && claims.TryGetProperty("exp", out var exp)
                && exp.ValueKind == JsonValueKind.Number
                && exp.TryGetDouble(out var seconds)
                && seconds > 0
                && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            {
                return new CachedToken(text, DateTimeOffset.UnixEpoch.AddSeconds(seconds) - ClockSkew);
            }
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw Invalid("holds no JWT");
        }

        throw Invalid("holds a JWT that does not say when it expires (exp)");
    }

    private RpcException Invalid(string problem) => Failure(StatusCode.Unauthenticated, problem);

    private RpcException Failure(StatusCode code, string problem)
    {
        var message = $"jwt_token_file '{path}' {problem}";
        return new RpcException(new Status(code, message, new CallCredentialsException(message)));
    }

    /// <param name="Text">The token.</param>
    /// <param name="Expiry">With the allowance for clock skew taken off.</param>
    private sealed record CachedToken(string Text, DateTimeOffset Expiry);
}

/// <summary>What this process would prove itself with cannot be used.</summary>
internal sealed class CallCredentialsException(string message) : Exception(message);
