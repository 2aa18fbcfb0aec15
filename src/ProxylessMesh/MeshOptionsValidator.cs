using Microsoft.Extensions.Options;
using ProxylessMesh.Http;

namespace ProxylessMesh;

/// <summary>Wrong options end start-up; every message says what to change.</summary>
internal sealed class MeshOptionsValidator : IValidateOptions<MeshOptions>
{
    public ValidateOptionsResult Validate(string? name, MeshOptions options)
    {
        var failures = new List<string>();
        if (options.WaitForConfiguration is { } wait && wait <= TimeSpan.Zero)
        {
            failures.Add($"{nameof(MeshOptions)}.{nameof(MeshOptions.WaitForConfiguration)} is {wait}; it must be greater than zero, or null to start without waiting.");
        }

        if (options.WaitForConfiguration is not null && options.Preload.Count == 0)
        {
            failures.Add($"{nameof(MeshOptions)}.{nameof(MeshOptions.WaitForConfiguration)} is set, but {nameof(MeshOptions.Preload)} names no authority to wait for; add those that the service calls.");
        }

        foreach (var authority in options.Preload)
        {
            if (!XdsTarget.TryParseAuthority(authority, out _))
            {
                failures.Add($"{nameof(MeshOptions)}.{nameof(MeshOptions.Preload)} has '{authority}'; give a host such as 'orders', a host and port such as 'orders:8080', or 'xds://authority/orders'.");
            }
        }

        foreach (var host in options.Hosts)
        {
            var plain = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
            if (Uri.CheckHostName(plain) != UriHostNameType.Dns)
            {
                failures.Add($"{nameof(MeshOptions)}.{nameof(MeshOptions.Hosts)} has '{host}'; give a host name such as 'orders.example' or '*.example', without scheme, port or path.");
            }
        }

        foreach (var (service, address) in options.ExternalServices)
        {
            if (!IsHostAndPort(service) || !IsHostAndPort(address))
            {
                failures.Add($"{nameof(MeshOptions)}.{nameof(MeshOptions.ExternalServices)} has '{service}' -> '{address}'; give the service's host, with a port for one of its ports, and the host or IP address to dial, such as 'payments.example.com' -> '10.0.0.7:8443'.");
            }
        }

        if (!Enum.IsDefined(options.UpstreamTls))
        {
            failures.Add($"{nameof(MeshOptions)}.{nameof(MeshOptions.UpstreamTls)} is {(int)options.UpstreamTls}; it must be {nameof(UpstreamTlsMode.Required)} or {nameof(UpstreamTlsMode.Ignored)}.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static bool IsHostAndPort(string text)
        => Uri.TryCreate($"tcp://{text}", UriKind.Absolute, out var uri) && uri is { UserInfo: "", AbsolutePath: "" or "/", Query: "", Fragment: "" } && uri.Host.Length > 0 && uri.Port != 0;
}
