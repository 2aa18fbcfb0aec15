using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using YamlDotNet.Core;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>What reading a mesh file gave. <see cref="Directory"/> is complete only when there are no errors.</summary>
internal sealed record MeshReadResult(ServiceDirectory Directory, ImmutableArray<MeshFileProblem> Errors, ImmutableArray<MeshFileProblem> Warnings);

/// <summary>Reads a multi-document mesh.yaml in Istio's own kinds, strictly, and collects every problem. Stateless.</summary>
internal static class MeshYamlReader
{
    private const string ServiceEntryKind = "ServiceEntry";
    private const string VirtualServiceKind = "VirtualService";
    private const string DestinationRuleKind = "DestinationRule";

    private static readonly ImmutableArray<string> KnownApiVersions =
        ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

    /// <summary>Kinds that Istio has and this version cannot carry out.</summary>
    private static readonly ImmutableArray<string> UnsupportedKinds =
    [
        "AuthorizationPolicy", "EnvoyFilter", "GRPCRoute", "Gateway", "HTTPRoute", "PeerAuthentication", "ProxyConfig",
        "RequestAuthentication", "Service", "Sidecar", "Telemetry", "WasmPlugin", "WorkloadEntry", "WorkloadGroup",
    ];

    /// <param name="file">The file as the user named it; opens every message.</param>
    /// <param name="text">Its content.</param>
    public static MeshReadResult Read(string file, string text)
    {
        var problems = new ProblemCollector(file);
        var model = ReadDocuments(text, problems);
        var directory = ServiceDirectoryBuilder.Build(model, problems);
        ReferenceValidator.Validate(model, directory, problems);
        return new MeshReadResult(directory, problems.Errors, problems.Warnings);
    }

    private static MeshModel ReadDocuments(string text, ProblemCollector problems)
    {
        var model = new MeshModelBuilder(problems);
        using var reader = new StringReader(text);
        var parser = new YamlDocumentParser(reader);
        try
        {
            while (parser.ReadDocument() is { } document)
            {
                if (document is YamlMapping mapping)
                {
                    ReadDocument(mapping, model, problems);
                }
                else
                {
                    problems.Error(null, new SourceField(document.Line, ""), "a document must be a resource with apiVersion, kind, metadata and spec");
                }
            }
        }
        catch (YamlException exception)
        {
            // Nothing after this point can be read; what came before was checked.
            problems.Error(null, new SourceField((int)exception.Start.Line, ""), $"not valid YAML: {exception.Message}");
        }

        return model.ToModel();
    }

    private static void ReadDocument(YamlMapping mapping, MeshModelBuilder model, ProblemCollector problems)
    {
        var identity = Identify(mapping);
        var document = new FieldReader(mapping, "", identity, problems);
        var apiVersion = document.RequiredString("apiVersion");
        var kind = document.RequiredString("kind");
        document.Required("metadata");
        document.Object("metadata", ReadMetadata);
        document.Required("spec");
        document.Accept("spec", "status");
        document.Finish();

        switch (kind)
        {
            case ServiceEntryKind or VirtualServiceKind or DestinationRuleKind:
                if (apiVersion.Length > 0 && !KnownApiVersions.Contains(apiVersion))
                {
                    document.Error("apiVersion", $"must be one of {string.Join(", ", KnownApiVersions)}, not '{apiVersion}'");
                }

                model.RejectDuplicate(identity, document);
                document.Object("spec", spec => ReadSpec(identity, spec, model));
                break;
            case "":
                break;
            case var _ when UnsupportedKinds.Contains(kind):
                document.Error("kind", $"{kind} is not supported in this version; remove the document");
                break;
            default:
                document.Error("kind", $"'{kind}' is not a known kind; known here: {DestinationRuleKind}, {ServiceEntryKind}, {VirtualServiceKind}");
                break;
        }
    }

    private static ResourceIdentity ReadSpec(ResourceIdentity identity, FieldReader spec, MeshModelBuilder model)
    {
        switch (identity.Kind)
        {
            case ServiceEntryKind:
                model.ServiceEntries.Add(ServiceEntryReader.Read(identity, spec));
                break;
            case VirtualServiceKind:
                model.VirtualServices.Add(VirtualServiceReader.Read(identity, spec));
                break;
            default:
                model.DestinationRules.Add(DestinationRuleReader.Read(identity, spec));
                break;
        }

        return identity;
    }

    private static ResourceIdentity ReadMetadata(FieldReader metadata)
    {
        var name = metadata.RequiredString("name");
        var ns = metadata.String("namespace");
        metadata.StringMap("labels");
        metadata.StringMap("annotations");
        metadata.Finish();
        return new ResourceIdentity("", ns ?? "", name);
    }

    // Looked at before anything is checked, because every message names the resource.
    private static ResourceIdentity Identify(YamlMapping document)
    {
        var metadata = Find(document, "metadata") as YamlMapping;
        return new ResourceIdentity(
            Text(document, "kind") ?? "(no kind)",
            Text(metadata, "namespace") ?? ResourceIdentity.DefaultNamespace,
            Text(metadata, "name") ?? "(no name)");
    }

    private static string? Text(YamlMapping? mapping, string key)
        => mapping is not null && Find(mapping, key) is YamlScalar { IsNull: false } scalar ? scalar.Value : null;

    private static YamlNode? Find(YamlMapping mapping, string key)
        => mapping.Entries.FirstOrDefault(entry => string.Equals(entry.Key, key, StringComparison.Ordinal))?.Value;

    /// <summary>Gathers the resources of a file in their order.</summary>
    private sealed class MeshModelBuilder(ProblemCollector problems)
    {
        private readonly Dictionary<ResourceIdentity, int> _lines = [];

        public ImmutableArray<ServiceEntry>.Builder ServiceEntries { get; } = ImmutableArray.CreateBuilder<ServiceEntry>();

        public ImmutableArray<VirtualService>.Builder VirtualServices { get; } = ImmutableArray.CreateBuilder<VirtualService>();

        public ImmutableArray<DestinationRule>.Builder DestinationRules { get; } = ImmutableArray.CreateBuilder<DestinationRule>();

        public void RejectDuplicate(ResourceIdentity identity, FieldReader document)
        {
            if (!_lines.TryAdd(identity, document.Line))
            {
                problems.Error(identity, document.Field("metadata"), $"the same kind, namespace and name were declared in line {_lines[identity]}; rename or merge them");
            }
        }

        public MeshModel ToModel() => new(ServiceEntries.ToImmutable(), VirtualServices.ToImmutable(), DestinationRules.ToImmutable());
    }
}
