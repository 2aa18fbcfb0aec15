using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;

namespace ProxylessMesh.Tests.Peers;

/// <summary>What a <see cref="Backend"/> does with HTTP requests; as middleware it records every request, gRPC's too.</summary>
internal sealed class BackendRequests(RequestDelegate next, Backend backend)
{
    public static void Map(IEndpointRouteBuilder routes, Backend backend)
    {
        routes.Map("/slow", async context =>
        {
            await backend.Gate.PassAsync(context.RequestAborted);
            await context.Response.WriteAsync("slow", context.RequestAborted);
        });
        routes.Map("/status/{code:int}", context =>
        {
            context.Response.StatusCode = int.Parse((string)context.GetRouteValue("code")!, CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });
        routes.Map("/stream", context =>
        {
            var response = new StreamedResponse(context);
            backend.Offer(response);
            return response.RunAsync();
        });
        routes.MapFallback("{**path}", EchoAsync);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.GetEncodedPathAndQuery();
        var headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        backend.Count(new SeenRequest(request.Method, request.Host.Value ?? "", path, request.Protocol, headers));

        context.Response.Headers["x-backend"] = backend.Id;
        context.Response.Headers["x-host"] = request.Host.Value;
        context.Response.Headers["x-path"] = path;
        return next(context);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        context.Response.ContentType = context.Request.ContentType;
        await context.Response.StartAsync(cancellationToken);

        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            foreach (var segment in read.Buffer)
            {
                await context.Response.BodyWriter.WriteAsync(segment, cancellationToken);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
