using System.Globalization;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>Reads <c>channel_creds</c>: the first type that is supported is used (gRFC A27), the others are not even looked into.</summary>
internal static class ChannelCredentialsReader
{
    private const string Remedy =
        "Add { \"type\": \"insecure\" } for plaintext, or { \"type\": \"tls\", \"config\": { \"ca_certificate_file\": \"...\" } } for TLS; these are the supported types.";

    private const string FileRemedy = "Write the path of a PEM file.";

    private const string PairRemedy = "Give certificate_file and private_key_file both, or neither.";

    private const string DurationRemedy = "Write seconds greater than zero with an s, such as \"600s\".";

    /// <param name="server">The entry of <c>xds_servers</c>.</param>
    /// <exception cref="MeshBootstrapException">No type in it is supported, or the one that is has a wrong configuration.</exception>
    public static ChannelCredentialsConfig Read(BootstrapField server)
    {
        var types = new List<string>();
        foreach (var credentials in server.FindArray("channel_creds", Remedy))
        {
            var type = credentials.Require(JsonValueKind.Object, "an object", Remedy).FindString("type", Remedy);
            switch (type)
            {
                case "insecure":
                    return InsecureCredentialsConfig.Instance;
                case "tls":
                    return ReadTls(credentials);
                case null:
                    throw credentials.Missing("type", Remedy);
                default:
                    types.Add(type);
                    break;
            }
        }

        var problem = types.Count == 0 ? "is missing or empty" : $"has no supported type, only: {string.Join(", ", types)}";
        throw new MeshBootstrapException(server.Origin, $"{server.Path}.channel_creds", problem, Remedy);
    }

    private static TlsCredentialsConfig ReadTls(BootstrapField credentials)
    {
        if (credentials.FindObject("config", "Write an object in braces, or leave it out.") is not { } config)
        {
            return new TlsCredentialsConfig();
        }

        var certificate = ReadFile(config, "certificate_file");
        var privateKey = ReadFile(config, "private_key_file");
        if (certificate is null != privateKey is null)
        {
            throw config.Error("has only one of certificate_file and private_key_file", PairRemedy);
        }

        return new TlsCredentialsConfig
        {
            CaCertificateFile = ReadFile(config, "ca_certificate_file"),
            CertificateFile = certificate,
            PrivateKeyFile = privateKey,
            RefreshInterval = config.Find("refresh_interval") is { } interval ? ReadDuration(interval) : TlsCredentialsConfig.DefaultRefreshInterval,
        };
    }

    private static string? ReadFile(BootstrapField config, string name)
    {
        var path = config.FindString(name, FileRemedy);
        return path is "" ? throw new MeshBootstrapException(config.Origin, $"{config.Path}.{name}", "is empty", FileRemedy) : path;
    }

    // A google.protobuf.Duration in JSON: decimal seconds followed by an s.
    private static TimeSpan ReadDuration(BootstrapField field)
    {
        const double MaxSeconds = 315_576_000_000; // "about 10,000 years", the limit of google.protobuf.Duration
        var text = field.AsString(DurationRemedy);
        return text.EndsWith('s')
            && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and <= MaxSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw field.Error("is not a duration", DurationRemedy);
    }
}
