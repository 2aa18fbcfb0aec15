using System.Net.Http.Json;
using CsCheck;
using ProxylessMesh.Messages;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Messages;

/// <summary>A body that is sent more than once: each try gets the same bytes, and nobody waits for those who have gone.</summary>
public sealed class ReplayBodyTests
{
    private static readonly byte[] Pattern = [.. Enumerable.Range(0, 400_000).Select(static i => (byte)(i * 31 % 251))];

    /// <summary>Each row: a body, and what comes of sending it more than once.</summary>
    public static TheoryData<string, HttpContent, int> Kinds() => new()
    {
        { "bytes", new ByteArrayContent([1]), (int)BodyKind.Constant },
        { "memory", new ReadOnlyMemoryContent(new byte[] { 1 }), (int)BodyKind.Constant },
        { "text", new StringContent("x"), (int)BodyKind.Constant },
        { "form", new FormUrlEncodedContent([new("a", "b")]), (int)BodyKind.Constant },
        { "json", JsonContent.Create("x"), (int)BodyKind.Constant },
        { "json of nothing", JsonContent.Create<string?>(null), (int)BodyKind.Constant },
        { "json as it comes", JsonContent.Create(AsyncEnumerable.Repeat("x", 2)), (int)BodyKind.OneTime },
        { "parts", new MultipartFormDataContent { new StringContent("x") }, (int)BodyKind.Constant },
        { "parts, one of them a stream", new MultipartContent { new StringContent("x"), new StreamContent(new MemoryStream()) }, (int)BodyKind.SelfGuarding },
        { "parts, one of them unknown", new MultipartContent { new StreamContent(new MemoryStream()), Written([1]) }, (int)BodyKind.OneTime },
        { "a stream", new StreamContent(new MemoryStream()), (int)BodyKind.SelfGuarding },
        { "a forwarded text", new ForwardedContent(new StringContent("x")), (int)BodyKind.Constant },
        { "a forwarded unknown", new ForwardedContent(Written([1])), (int)BodyKind.OneTime },
        { "unknown", Written([1]), (int)BodyKind.OneTime },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Open_KindOfBody_IsSentAsItIsOnlyWhereItIsConstant(string what, HttpContent content, int kind)
    {
        Assert.NotEmpty(what);
        Assert.Equal((BodyKind)kind, BodyKinds.Of(content));
        Assert.Equal((BodyKind)kind == BodyKind.Constant, ReferenceEquals(content, new ReplayBody(content, isShared: true).Open()));
        Assert.True(new ReplayBody(content).CanReplay);
    }

    /// <summary>Whatever the pieces and wherever tries break off: each try gets a beginning of the same bytes, and the last one all of them.</summary>
    [Fact]
    public async Task Open_TriesThatBreakAnywhere_EachGetsABeginningAndTheLastAll()
    {
        await Gen.Select(Gen.Int[0, 3000].Array[0, 12], Gen.Int[0, 9000].Array[0, 4], Gen.Bool).SampleAsync(async (pieces, breaks, together) =>
        {
            var expected = Pattern[..pieces.Sum()];
            using var content = Written(pieces);
            var body = new ReplayBody(content, limit: 36_000, isShared: together);
            var broken = breaks.Select(at => new ConnectionStream(at)).ToArray();
            using var last = new ConnectionStream();

            if (together)
            {
                await Task.WhenAll([.. broken.Select(connection => SendAsync(body, connection)), SendAsync(body, last)]);
            }
            else
            {
                foreach (var connection in broken)
                {
                    await SendAsync(body, connection);
                }

                Assert.True(body.CanReplay);
                Assert.True(await SendAsync(body, last));
            }

            Assert.Equal(expected, last.Received);
            Assert.All(broken.Zip(breaks), pair => Assert.Equal(expected[..Math.Min(pair.Second, expected.Length)], pair.First.Received));
            Assert.Equal(1, content.Count);
        }, iter: 150, threads: 2).WaitAsync(TestTimeouts.Default);
    }

    /// <summary>Past the limit, with copies that break or are slow: who sends the request gets all, a copy a beginning.</summary>
    [Fact]
    public async Task Open_PastTheLimit_TheOneLeftGetsAllAndACopyABeginning()
    {
        await Gen.Select(Gen.Int[0, 5000].Array[1, 20], Gen.Int[1, 4000], Gen.Int[-1, 6000].Array[0, 3], Gen.Bool).SampleAsync(async (pieces, limit, copies, isCommitted) =>
        {
            var expected = Pattern[..pieces.Sum()];
            using var content = Written(pieces);
            var body = new ReplayBody(content, limit, isShared: true);
            var connections = copies.Select(at => new ConnectionStream(at)).ToArray();
            using var primary = new ConnectionStream();
            var sending = connections.Select(connection => SendAsync(body.OpenLossy()!, connection)).ToArray();
            var opened = body.Open();
            if (isCommitted)
            {
                body.Commit();
            }

            await opened.CopyToAsync(primary);
            await Task.WhenAll(sending);

            Assert.Equal(expected, primary.Received);
            Assert.All(connections, connection => Assert.Equal(expected[..connection.Received.Length], connection.Received));
            Assert.Equal(expected.Length <= limit && !isCommitted, body.CanReplay);
        }, iter: 150, threads: 2).WaitAsync(TestTimeouts.Default);
    }

    [Fact]
    public async Task Open_PastTheLimit_IsNotSentAgain()
    {
        using var content = Written([100, 100]);
        var body = new ReplayBody(content, limit: 150);
        using var connection = new ConnectionStream();

        Assert.True(await SendAsync(body, connection));

        Assert.False(body.CanReplay);
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => body.Open().CopyToAsync(Stream.Null));
        Assert.IsType<RequestSpentException>(exception.InnerException);
    }

    [Fact]
    public async Task Open_BetweenTriesPastTheLimit_WaitsForTheNextTry()
    {
        using var content = Written([1000, 1000]);
        var body = new ReplayBody(content, limit: 1500);
        using var broken = new ConnectionStream(10);
        using var last = new ConnectionStream();

        Assert.False(await SendAsync(body, broken));
        Assert.True(body.CanReplay);
        Assert.True(await SendAsync(body, last));

        Assert.Equal(Pattern[..2000], last.Received);
    }

    [Fact]
    public async Task Open_SlowTry_TheCallersBodyIsReadNoFurtherThanTheLimit()
    {
        using var gate = new Gate();
        using var connection = new ConnectionStream { Gate = gate };
        var written = 0;
        using var content = new WrittenContent(async (stream, token) =>
        {
            for (var i = 0; i < 300; i++)
            {
                await stream.WriteAsync(Pattern.AsMemory(i * 1000, 1000), token);
                Interlocked.Add(ref written, 1000);
            }
        });
        var body = new ReplayBody(content, limit: 10_000);

        var sending = body.Open().CopyToAsync(connection);
        await gate.ArrivedAsync();
        await Until.TrueAsync(() => Volatile.Read(ref written) == 10_000);
        for (var passed = 0; passed < 20; passed++)
        {
            gate.Open();
            await gate.ArrivedAsync();
            Assert.InRange(Volatile.Read(ref written), 0, connection.Received.Length + 10_000);
        }

        gate.Open(1000);
        await sending.WaitAsync(TestTimeouts.Default);
        Assert.Equal(Pattern[..300_000], connection.Received);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_MessageFlushed_ReachesTheConnectionBeforeTheNextIsWritten(bool isCommitted)
    {
        using var connection = new ConnectionStream();
        using var content = new WrittenContent(async (stream, token) =>
        {
            for (var i = 1; i <= 100; i++)
            {
                await stream.WriteAsync(Pattern.AsMemory((i - 1) * 10, 10), token);
                await stream.FlushAsync(token);
                await Until.TrueAsync(() => connection.Flushes.Contains(i * 10));
            }
        });
        var body = new ReplayBody(content);
        var opened = body.Open();
        if (isCommitted)
        {
            body.Commit();
        }

        await opened.CopyToAsync(connection).WaitAsync(TestTimeouts.Default);

        Assert.Equal(Pattern[..1000], connection.Received);
    }

    [Fact]
    public async Task Open_BodyThatWritesWithoutAwaiting_IsSentPastTheLimit()
    {
        using var connection = new ConnectionStream();
        using var content = new WrittenContent((stream, _) =>
        {
            for (var i = 0; i < 10; i++)
            {
                stream.Write(Pattern, i * 10_000, 10_000);
            }

            stream.Flush();
            return Task.CompletedTask;
        });

        await new ReplayBody(content, limit: 5000).Open().CopyToAsync(connection).WaitAsync(TestTimeouts.Default);

        Assert.Equal(Pattern[..100_000], connection.Received);
    }

    [Fact]
    public async Task Open_CallersBodyThrows_EachTryFailsWithThat()
    {
        using var content = new WrittenContent(async (stream, token) =>
        {
            await stream.WriteAsync(Pattern.AsMemory(0, 10), token);
            throw new InvalidDataException("the caller's own");
        });
        var body = new ReplayBody(content, isShared: true);

        var first = await Assert.ThrowsAsync<InvalidDataException>(() => body.Open().CopyToAsync(Stream.Null));
        var second = await Assert.ThrowsAsync<InvalidDataException>(() => body.Open().CopyToAsync(Stream.Null));

        Assert.Equal("the caller's own", first.Message);
        Assert.Same(first, second);
        Assert.False(body.CanReplay);
    }

    [Fact]
    public async Task Commit_LastTryBreaks_TheCallersBodyIsTold()
    {
        var told = new TaskCompletionSource<Exception>();
        using var content = new WrittenContent(async (stream, token) =>
        {
            try
            {
                while (true)
                {
                    await stream.WriteAsync(Pattern.AsMemory(0, 1000), token);
                }
            }
            catch (Exception exception)
            {
                told.SetResult(exception);
                throw;
            }
        });
        var body = new ReplayBody(content, limit: 2000);
        using var connection = new ConnectionStream(500);
        var opened = body.Open();
        body.Commit();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => opened.CopyToAsync(connection));

        var exception = await told.Task.WaitAsync(TestTimeouts.Default);
        Assert.True(exception is IOException or OperationCanceledException, exception.ToString());
    }

    [Fact]
    public async Task Commit_LastTryBreaksWhileTheCallersBodyWaits_ItIsCancelled()
    {
        using var content = new WrittenContent(static (_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        var body = new ReplayBody(content);
        using var giveUp = new CancellationTokenSource();
        var sending = body.Open().CopyToAsync(Stream.Null, giveUp.Token);
        await Until.TrueAsync(() => content.Count == 1);

        body.Commit();
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        var again = await Assert.ThrowsAsync<HttpRequestException>(() => body.Open().CopyToAsync(Stream.Null).WaitAsync(TestTimeouts.Default));
        Assert.IsType<RequestSpentException>(again.InnerException);
    }

    [Fact]
    public async Task OpenLossy_StandsStill_IsCutOffAndTheRequestGoesOn()
    {
        using var gate = new Gate();
        using var stalled = new ConnectionStream { Gate = gate };
        using var primary = new ConnectionStream();
        using var content = Written([.. Enumerable.Repeat(1000, 200)]);
        var body = new ReplayBody(content, limit: 10_000, isShared: true);
        var copy = body.OpenLossy()!;
        var copying = copy.CopyToAsync(stalled);

        Assert.True(await SendAsync(body, primary));

        Assert.True(copy.IsCutOff);
        gate.Open(100);
        await Assert.ThrowsAnyAsync<Exception>(() => copying.WaitAsync(TestTimeouts.Default));
        Assert.Equal(Pattern[..200_000], primary.Received);
        Assert.Equal(Pattern[..stalled.Received.Length], stalled.Received);
    }

    /// <summary>A request that failed before it sent anything: its copy does not go on with a body that nobody else reads.</summary>
    [Fact]
    public async Task End_TryNeverBegan_TheCopyEndsAsWell()
    {
        using var content = Written([.. Enumerable.Repeat(1000, 50)]);
        using var connection = new ConnectionStream();
        var body = new ReplayBody(content, limit: 10_000, isShared: true);
        var copying = body.OpenLossy()!.CopyToAsync(connection);
        _ = body.Open();
        await Until.TrueAsync(() => connection.Received.Length == 10_000);

        body.End();

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => copying.WaitAsync(TestTimeouts.Default));
        Assert.IsType<RequestSpentException>(exception.InnerException);
    }

    [Fact]
    public async Task OpenLossy_NeverSent_IsGivenBackAndHoldsUpNothing()
    {
        using var primary = new ConnectionStream();
        using var content = Written([.. Enumerable.Repeat(1000, 50)]);
        var body = new ReplayBody(content, limit: 10_000, isShared: true);
        body.OpenLossy()!.Dispose();
        _ = body.OpenLossy();

        Assert.True(await SendAsync(body, primary));

        Assert.Equal(Pattern[..50_000], primary.Received);
    }

    [Fact]
    public async Task Open_OfWhatWasOpened_SharesTheBuffer()
    {
        using var content = Written([10]);
        var outer = new ReplayBody(content, isShared: true);
        var inner = new ReplayBody(outer.Open());
        using var one = new ConnectionStream(5);
        using var two = new ConnectionStream();

        Assert.False(await SendAsync(inner, one));
        Assert.True(await SendAsync(outer, two));

        Assert.Equal(Pattern[..10], two.Received);
        Assert.Equal(1, content.Count);
    }

    [Fact]
    public async Task Open_ConnectionSendsItAnew_GetsItFromTheBeginning()
    {
        using var content = Written([10, 20]);
        var opened = new ReplayBody(content).Open();
        using var one = new ConnectionStream(15);
        using var two = new ConnectionStream();

        await Assert.ThrowsAnyAsync<Exception>(() => opened.CopyToAsync(one));
        await opened.CopyToAsync(two);

        Assert.Equal(Pattern[..30], two.Received);
    }

    [Fact]
    public void Open_HeadersAndLength_AreTheCallers()
    {
        using var content = new StreamContent(new MemoryStream(new byte[7])) { Headers = { { "Content-Type", "a/b" }, { "X-Own", ["1", "2"] } } };

        var opened = new ReplayBody(content).Open();

        Assert.Equal("a/b", opened.Headers.ContentType?.MediaType);
        Assert.Equal(["1", "2"], opened.Headers.GetValues("X-Own"));
        Assert.Equal(7, opened.Headers.ContentLength);
    }

    private static WrittenContent Written(int[] pieces) => new(async (stream, token) =>
    {
        var position = 0;
        foreach (var piece in pieces)
        {
            await stream.WriteAsync(Pattern.AsMemory(position, piece), token);
            position += piece;
            if (piece % 2 == 0)
            {
                await Task.Yield();
                await stream.FlushAsync(token);
            }
        }
    });

    private static Task<bool> SendAsync(ReplayBody body, ConnectionStream connection) => SendAsync(body.Open(), connection);

    /// <returns>Whether it was sent in full.</returns>
    private static async Task<bool> SendAsync(HttpContent content, ConnectionStream connection)
    {
        try
        {
            await content.CopyToAsync(connection).WaitAsync(TestTimeouts.Default);
            return true;
        }
        catch (HttpRequestException exception) when (exception.InnerException is IOException)
        {
            return false;
        }
    }
}
