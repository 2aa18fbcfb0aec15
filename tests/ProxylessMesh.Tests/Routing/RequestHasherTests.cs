using System.Collections.Immutable;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;
using ProxylessMesh.Routing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Routing;

public sealed class RequestHasherTests
{
    private const ulong Source = 0x1111;
    private const ulong Channel = 0x2222;

    private readonly RequestHasher _hasher = new(new HashOrigin(Source, Channel), new SeededRandomSource(1));

    /// <summary>Each row: a header of the request, by name and values; and what is hashed, or null for nothing.</summary>
    public static TheoryData<string, string[], string?> Headers => new()
    {
        { "x-key", ["v"], "v" },
        { "x-key", [" v\t"], "v" },
        { "x-key", [""], "" },
        { "x-key", ["käse 🧀"], "käse 🧀" },
        { "x-key", [new string('x', 10_000)], new string('x', 10_000) },
        { "x-key", ["a,b"], "a,b" },
        { "x-other", ["v"], null },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Hash_Header_IsThatOfItsValue(string name, string[] values, string? hashed)
    {
        var request = new HeaderList(values.Select(value => KeyValuePair.Create(name, value)));

        Assert.Equal(hashed is null ? RequestHash.None : new RequestHash(Hash(hashed)), Hash(request, Header("x-key")));
        Assert.Equal(hashed is null ? RequestHash.None : new RequestHash(Hash(hashed)), Hash(request, Header("x-key", values: HashedValues.JoinedInGrpc)));
    }

    [Fact]
    public void Hash_SeveralValuesAsInEnvoy_AreChainedInAscendingOrder()
    {
        var expected = new RequestHash(Hash("b", Hash("a", Hash("B"))));

        Assert.Equal(expected, Hash(Request(("x", "b"), ("x", "B"), ("x", "a")), Header("x")));
        Assert.Equal(expected, Hash(Request(("x", "a"), ("x", "b"), ("x", "B")), Header("x")));
        Assert.Equal(expected, Hash(Request(("x", "a"), ("x", "b"), ("x", "B")), Header("x", values: HashedValues.JoinedInGrpc)));
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    public void Hash_SeveralValuesInAGrpcCall_AreJoinedInTheirOrder(string contentType)
        => Assert.Equal(
            new RequestHash(Hash("b,a")),
            Hash(Request(("content-type", contentType), ("x", "b"), ("x", " a ")), Header("x", values: HashedValues.JoinedInGrpc)));

    [Fact]
    public void Hash_BinaryHeader_IsAbsentInAGrpcCallOfAGrpcControlPlaneOnly()
    {
        var call = Request(("content-type", "application/grpc"), ("x-bin", "v"));

        Assert.Equal(RequestHash.None, Hash(call, Header("x-bin", values: HashedValues.JoinedInGrpc)));
        Assert.Equal(new RequestHash(Hash("v")), Hash(call, Header("x-bin")));
        Assert.Equal(new RequestHash(Hash("v")), Hash(Request(("x-bin", "v")), Header("x-bin", values: HashedValues.JoinedInGrpc)));
    }

    [Theory]
    [InlineData("user-7-a", "7")]
    [InlineData("nobody", "nobody")]
    public void Hash_HeaderWithRewrite_IsThatOfTheResult(string value, string hashed)
    {
        Assert.True(SafeRegex.TryParse("^user-([0-9]+)-.*$", out var pattern, out _));
        Assert.True(RegexRewrite.TryParse(pattern, @"\1", out var rewrite, out _));

        Assert.Equal(new RequestHash(Hash(hashed)), Hash(Request(("x", value)), Header("x", rewrite)));
        Assert.Equal(new RequestHash(Hash(hashed, Hash("0"))), Hash(Request(("x", value), ("x", "user-0-b")), Header("x", rewrite)));
    }

    /// <summary>Each row: a path with its query, and what is hashed of the parameter k.</summary>
    [Theory]
    [InlineData("/?k=v", "v")]
    [InlineData("/?a=b&k=v&k=w", "v")]
    [InlineData("/?k=%41+b", "%41+b")]
    [InlineData("/?k=", "")]
    [InlineData("/?k", "")]
    [InlineData("/?K=v", null)]
    [InlineData("/k=v", null)]
    [InlineData("/", null)]
    public void Hash_QueryParameter_IsThatOfTheFirstAsItIsWritten(string path, string? hashed)
        => Assert.Equal(hashed is null ? RequestHash.None : new RequestHash(Hash(hashed)), Hash(Request((":path", path)), new QueryHashPolicyConfig("k")));

    [Theory]
    [InlineData("sid=v", "v")]
    [InlineData("a=b; sid=v; c=d", "v")]
    [InlineData("a=b;sid=v", "v")]
    [InlineData("sid=\"v\"", "v")]
    [InlineData("sid=a=b", "a=b")]
    [InlineData("sid=; sid=w", "w")]
    [InlineData("sid=", null)]
    [InlineData("sid", null)]
    [InlineData("SID=v; xsid=w; sidx=z", null)]
    public void Hash_Cookie_IsThatOfItsValue(string cookies, string? hashed)
        => Assert.Equal(hashed is null ? RequestHash.None : new RequestHash(Hash(hashed)), Hash(Request(("cookie", cookies)), Cookie(null)));

    /// <summary>Each row: the policy's time to live in seconds, path and attributes; and the header without name and value.</summary>
    public static TheoryData<double, string, string[], string> MadeCookies => new()
    {
        { 3600, "/", [], "; Max-Age=3600; Path=/; HttpOnly" },
        { 0, "", [], "; HttpOnly" },
        { 1.9, "/a b", ["Secure=", "SameSite=Lax"], "; Max-Age=1; Path=/a b; Secure; SameSite=Lax; HttpOnly" },
    };

    [Theory]
    [MemberData(nameof(MadeCookies))]
    public void Hash_CookieMissingAndTimeToLiveGiven_MakesOneThatHashesTheSame(double seconds, string path, string[] attributes, string expected)
    {
        var policy = new CookieHashPolicyConfig("sid", TimeSpan.FromSeconds(seconds), path, [.. attributes.Select(static text => KeyValuePair.Create(text.Split('=')[0], text.Split('=')[1]))]);

        var hash = _hasher.Hash([policy], new HeaderList.View(Request()), out var made);
        var other = _hasher.Hash([policy], new HeaderList.View(Request()), out _);

        var header = Assert.Single(made!);
        Assert.Matches("^sid=\"[0-9a-f]{16}\"", header);
        Assert.Equal(expected, header[22..]);
        Assert.Equal(hash, Hash(Request(("cookie", header.Split(';')[0])), policy));
        Assert.NotEqual(hash, other);
    }

    [Fact]
    public void Hash_CookieThere_MakesNone()
    {
        _hasher.Hash([Cookie(TimeSpan.FromHours(1))], new HeaderList.View(Request(("cookie", "sid=v"))), out var made);

        Assert.Null(made);
    }

    [Fact]
    public void Hash_CallersProperties_AreTheProcesss()
    {
        Assert.Equal(new RequestHash(Source), Hash(Request(), new SourceHashPolicyConfig()));
        Assert.Equal(new RequestHash(Channel), Hash(Request(), new ChannelHashPolicyConfig()));
        Assert.Equal(RequestHash.None, Hash(Request(), new AbsentHashPolicyConfig()));
        Assert.Equal(RequestHash.None, Hash(Request()));
    }

    [Theory]
    [InlineData("sidecar~10.1.2.3~web.shop~shop.svc.cluster.local", "machine", "10.1.2.3")]
    [InlineData("sidecar~here~web.shop~shop.svc.cluster.local", "machine", "sidecar~here~web.shop~shop.svc.cluster.local")]
    [InlineData("node-1", "machine", "node-1")]
    [InlineData("", "machine", "machine")]
    public void Of_NodeId_TellsWhoTheCallerIs(string nodeId, string machineName, string expected)
        => Assert.Equal(Hash(expected), HashOrigin.Of(nodeId, machineName, new SeededRandomSource(1)).Source);

    [Fact]
    public void Hash_SeveralPolicies_AreCombinedUntilATerminalOneHasSomething()
    {
        var request = Request(("a", "1"), ("b", "2"), ("c", "3"));
        var (a, b, c) = (Hash("1"), Hash("2"), Hash("3"));

        Assert.Equal(new RequestHash(BitOperations.RotateLeft(a, 1) ^ b), Hash(request, Header("a"), Header("b")));
        Assert.Equal(new RequestHash(BitOperations.RotateLeft(BitOperations.RotateLeft(a, 1) ^ b, 1) ^ c), Hash(request, Header("a"), Header("none"), Header("b"), Header("c")));
        Assert.Equal(new RequestHash(a), Hash(request, Header("a") with { IsTerminal = true }, Header("b")));
        Assert.Equal(new RequestHash(b), Hash(request, Header("none") with { IsTerminal = true }, Header("b")));
        Assert.Equal(new RequestHash(a), Hash(request, Header("a"), Header("none") with { IsTerminal = true }, Header("b")));
    }

    [Fact]
    public void Hash_HeaderAndQuery_AllocateNothing()
    {
        var headers = new Fixed();
        ImmutableArray<HashPolicyConfig> policies = [Header("x"), new QueryHashPolicyConfig("k"), Cookie(TimeSpan.Zero), new SourceHashPolicyConfig()];
        _hasher.Hash(policies, in headers, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            _hasher.Hash(policies, in headers, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static HeaderHashPolicyConfig Header(string name, RegexRewrite? rewrite = null, HashedValues values = HashedValues.Chained) => new(name, rewrite, values);

    private static CookieHashPolicyConfig Cookie(TimeSpan? timeToLive) => new("sid", timeToLive, "", []);

    private static HeaderList Request(params (string Name, string Value)[] headers) => new(headers.Select(static header => KeyValuePair.Create(header.Name, header.Value)));

    private static ulong Hash(string text, ulong seed = 0) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text), (long)seed);

    private RequestHash Hash(HeaderList request, params HashPolicyConfig[] policies) => _hasher.Hash([.. policies], new HeaderList.View(request), out _);

    private readonly struct Fixed : IRequestHeaders
    {
        public Microsoft.Extensions.Primitives.StringValues GetHeader(string name) => name switch
        {
            "x" => "some value",
            ":path" => "/path?a=b&k=v",
            "cookie" => "a=b; sid=c",
            _ => default,
        };
    }
}
