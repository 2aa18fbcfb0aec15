using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orders;

// Settings come from the command line (--Orders:Version v2) or the environment (Orders__Version=v2).
var builder = WebApplication.CreateBuilder(args);
var options = builder.Configuration.GetSection("Orders").Get<OrdersOptions>() ?? new OrdersOptions();
builder.Services.AddSingleton(options);
builder.Services.AddGrpc();

// gRPC without TLS needs a port of its own: only TLS lets HTTP/1.1 and HTTP/2 agree on one.
var listeners = new Dictionary<HttpProtocols, ListenOptions>();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    Listen(kestrel, HttpProtocols.Http1, options.HttpPort);
    Listen(kestrel, HttpProtocols.Http2, options.GrpcPort);
});

var app = builder.Build();
app.MapGet("/", () => options.Version);
app.MapGrpcService<GreeterService>();

// On SIGTERM the requests under way are answered before the process ends; that is ASP.NET Core's own doing.
await app.StartAsync();
Console.WriteLine($"orders {options.Version} listens: http={PortOf(HttpProtocols.Http1)} grpc={PortOf(HttpProtocols.Http2)}");
await app.WaitForShutdownAsync();

void Listen(KestrelServerOptions kestrel, HttpProtocols protocol, int port) => kestrel.Listen(IPAddress.Parse(options.Address), port, listener =>
{
    listener.Protocols = protocol;
    listeners[protocol] = listener;
});

// Kestrel writes the port it was given into the endpoint; it differs from the setting when that is 0.
int? PortOf(HttpProtocols protocol) => listeners[protocol].IPEndPoint?.Port;
