using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace ProxylessMesh.Interop.Tests.Samples;

/// <summary>What the sample's compose.yaml says, as far as a test can check it without an engine. An unknown field is an error.</summary>
internal sealed class ComposeFile
{
    public Dictionary<string, ComposeService> Services { get; set; } = [];

    public static ComposeFile Read(string path)
        => new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).Build().Deserialize<ComposeFile>(File.ReadAllText(path));
}

/// <summary>One service of a compose file.</summary>
internal sealed class ComposeService
{
    public ComposeBuild Build { get; set; } = new();

    public List<string> Command { get; set; } = [];

    public Dictionary<string, string> Environment { get; set; } = [];

    public List<string> Volumes { get; set; } = [];

    public List<string> Ports { get; set; } = [];

    public List<string> DependsOn { get; set; } = [];
}

/// <summary>How a service's image is built.</summary>
internal sealed class ComposeBuild
{
    public string Context { get; set; } = "";

    public string Dockerfile { get; set; } = "";

    public Dictionary<string, string> Args { get; set; } = [];
}
