using TwoServices;

var builder = WebApplication.CreateBuilder(args);

// The mesh: where its control plane is, the environment variable GRPC_XDS_BOOTSTRAP says.
builder.AddMesh();
builder.Services.AddHttpClient("orders", client => client.BaseAddress = new Uri("http://orders"));
builder.Services.AddGrpcClient<Greeter.GreeterClient>(client => client.Address = new Uri("xds:///orders:9090"));
builder.Services.AddHealthChecks().AddMesh();

var app = builder.Build();
app.MapHealthChecks("/healthz");

// Calls orders both ways, and says which version answered.
app.MapGet("/", async (IHttpClientFactory clients, Greeter.GreeterClient grpc, CancellationToken cancellationToken) =>
{
    using var http = clients.CreateClient("orders");
    var overHttp = await http.GetStringAsync(new Uri("/", UriKind.Relative), cancellationToken);
    var overGrpc = await grpc.GreetAsync(new GreetRequest(), cancellationToken: cancellationToken);
    return $"http={overHttp} grpc={overGrpc.Version}\n";
});

await app.RunAsync();
