using System.Buffers.Text;
using System.Text;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>A token in a file, as gRFC A97 has it read and kept.</summary>
public sealed class JwtTokenFileTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-jwt-");
    private readonly FakeTimeProvider _clock = new(Now);
    private readonly string _path;
    private readonly JwtTokenFile _file;

    public JwtTokenFileTests()
    {
        _path = Path.Combine(_directory.FullName, "token");
        _file = new JwtTokenFile(_path, _clock);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(0, false)]
    [InlineData(509, false)]
    [InlineData(510, true)] // "30 s before the expiration time", and a minute before that
    [InlineData(599, true)]
    [InlineData(3600, true)]
    public async Task GetToken_RenewedMeanwhile_IsReadAgainAMinuteBeforeTheEnd(int seconds, bool isReadAgain)
    {
        var first = Write(Jwt($$"""{"exp":{{Now.AddSeconds(600).ToUnixTimeSeconds()}}}"""));
        Assert.Equal(first, await GetAsync());
        var second = Write(Jwt($$"""{"exp":{{Now.AddHours(2).ToUnixTimeSeconds()}}}"""));

        _clock.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(isReadAgain ? second : first, await GetAsync());
    }

    [Theory]
    [InlineData(569, true)]
    [InlineData(570, false)]
    public async Task GetToken_FileGone_UsesTheOldOneAsLongAsItIsGood(int seconds, bool isGood)
    {
        var token = Write(Jwt($$"""{"exp":{{Now.AddSeconds(600).ToUnixTimeSeconds()}}}"""));
        await GetAsync();
        File.Delete(_path);

        _clock.Advance(TimeSpan.FromSeconds(seconds));

        if (isGood)
        {
            Assert.Equal(token, await GetAsync());
        }
        else
        {
            Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(GetAsync)).StatusCode);
        }
    }

    [Fact]
    public async Task GetToken_FileMissingAtFirst_IsUnavailableAndThenWorks()
    {
        var error = await Assert.ThrowsAsync<RpcException>(GetAsync);
        var token = Write(Jwt("""{"exp":1.9e9}"""));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal($"jwt_token_file '{_path}' does not exist", error.Status.Detail);
        Assert.Equal(token, await GetAsync());
    }

    public static TheoryData<string> Unusable => new()
    {
        "",
        "secret",
        "secret.secret",
        "a.b.c.d",
        "secret.!!!.secret",
        "e30.bm90IGpzb24.secret",
        "e30\r\nx-header: secret." + Encode("""{"exp":1900000000}""") + ".secret",
        Jwt("[]"),
        Jwt("{}"),
        Jwt("""{"exp":"1900000000"}"""),
        Jwt("""{"exp":null}"""),
        Jwt("""{"exp":-1}"""),
        Jwt("""{"exp":1e300}"""),
        new string('a', 70_000),
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task GetToken_NoTokenThatSaysWhenItExpires_IsUnauthenticatedAndQuotesNothing(string text)
    {
        Write(text);

        var error = await Assert.ThrowsAsync<RpcException>(GetAsync);

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Contains(_path, error.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetToken_TrailingNewline_IsNoPartOfIt()
    {
        var token = Jwt("""{"exp":1900000000}""");
        Write(token + "\n");

        Assert.Equal(token, await GetAsync());
    }

    private static string Jwt(string payload) => $"{Encode("{}")}.{Encode(payload)}.c2VjcmV0";

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private Task<string> GetAsync() => _file.GetTokenAsync(CancellationToken.None);

    private string Write(string text)
    {
        File.WriteAllText(_path, text);
        return text;
    }
}
