using System.Net.Http.Json;
using Grpc.Core;

namespace Quickstart;

/// <summary>Both ways of calling "orders"; a failure becomes an answer, so that it is counted and not thrown.</summary>
internal sealed class Calls(HttpClient http, Greeter.GreeterClient grpc)
{
    public const string Http = "http://orders";
    public const string Grpc = "xds:///orders:9090";

    public static readonly IReadOnlyList<string> All = [Http, Grpc];

    public Task<Answer> SendAsync(string call, CancellationToken cancellationToken)
        => call == Http ? SendHttpAsync(cancellationToken) : SendGrpcAsync(cancellationToken);

    /// <summary>So many of each, one after the other.</summary>
    public async Task<Answers> SendAsync(int countOfEach, CancellationToken cancellationToken)
    {
        var answers = new List<Answer>();
        for (var i = 0; i < countOfEach; i++)
        {
            foreach (var call in All)
            {
                answers.Add(await SendAsync(call, cancellationToken));
            }
        }

        return new Answers(answers);
    }

    private async Task<Answer> SendHttpAsync(CancellationToken cancellationToken)
    {
        try
        {
            var greeting = await http.GetFromJsonAsync<Greeting>(new Uri("/", UriKind.Relative), cancellationToken);
            return greeting is null ? new Answer(Http, "", 0, "an empty body") : new Answer(Http, greeting.Version, greeting.Port);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Answer(Http, "", 0, exception.Message);
        }
    }

    private async Task<Answer> SendGrpcAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reply = await grpc.GreetAsync(new GreetRequest(), cancellationToken: cancellationToken);
            return new Answer(Grpc, reply.Version, reply.Port);
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new Answer(Grpc, "", 0, exception.Status.ToString());
        }
    }
}
