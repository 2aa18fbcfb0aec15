using System.Collections.Immutable;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>Reads <c>call_creds</c> (gRFC A97): every type that is supported is used, the others are ignored.</summary>
internal static class CallCredentialsReader
{
    private const string ArrayRemedy = "Write an array of objects with type and config.";

    private const string FileRemedy = "Name the file that holds the token: \"config\": { \"jwt_token_file\": \"/path\" }.";

    /// <param name="server">The entry of <c>xds_servers</c>.</param>
    /// <returns>The paths of the token files.</returns>
    /// <exception cref="MeshBootstrapException">One of a supported type has a wrong configuration.</exception>
    public static ImmutableArray<string> ReadJwtTokenFiles(BootstrapField server)
    {
        var files = ImmutableArray.CreateBuilder<string>();
        foreach (var credentials in server.FindArray("call_creds", ArrayRemedy))
        {
            var type = credentials.Require(JsonValueKind.Object, "an object", ArrayRemedy).FindString("type", ArrayRemedy) ?? throw credentials.Missing("type", ArrayRemedy);
            if (type == "jwt_token_file")
            {
                files.Add(ReadJwtTokenFile(credentials));
            }
        }

        return files.ToImmutable();
    }

    private static string ReadJwtTokenFile(BootstrapField credentials)
    {
        var config = credentials.FindObject("config", FileRemedy) ?? throw credentials.Missing("config", FileRemedy);
        var path = config.FindString("jwt_token_file", FileRemedy) ?? throw config.Missing("jwt_token_file", FileRemedy);
        return path.Length > 0 ? path : throw new MeshBootstrapException(config.Origin, $"{config.Path}.jwt_token_file", "is empty", FileRemedy);
    }
}
