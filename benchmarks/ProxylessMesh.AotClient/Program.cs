using System.Diagnostics;
using System.Globalization;
using ProxylessMesh;

// Asks a service once through the mesh, and prints how many milliseconds after the start of the process it was answered, and the working set in MiB.
if (args is not [var bootstrap, var address])
{
    Console.Error.WriteLine("usage: ProxylessMesh.AotClient <bootstrap JSON> <URI of a mesh service that echoes>");
    return 2;
}

await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = bootstrap }, CancellationToken.None);
using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TimeSpan.FromSeconds(10) };
using var response = await client.PostAsync(new Uri(address), new ByteArrayContent(new byte[128]));
response.EnsureSuccessStatusCode();

using var self = Process.GetCurrentProcess();
var sinceStart = TimeProvider.System.GetUtcNow() - self.StartTime.ToUniversalTime();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sinceStart.TotalMilliseconds:0} {self.WorkingSet64 / 1024 / 1024}"));
return 0;
