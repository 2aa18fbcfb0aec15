using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.World;
using YamlDotNet.Core;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>What reading a mesh configuration gave. <see cref="World"/> is complete only when there are no errors.</summary>
internal sealed record MeshReadResult(MeshWorld World, ImmutableArray<MeshFileProblem> Errors, ImmutableArray<MeshFileProblem> Warnings)
{
    /// <summary>The view of a client that says nothing of itself.</summary>
    public ServiceDirectory Directory => World.ViewFor(MeshClient.Default);
}

/// <summary>Reads the files of a mesh, each of any number of documents, in the kinds of Istio and Kubernetes, strictly, and collects every problem. Stateless.</summary>
internal static class MeshYamlReader
{
    /// <summary>Kinds that Istio and the Gateway API have and this version cannot carry out.</summary>
    private static readonly ImmutableArray<string> UnsupportedKinds =
    [
        "AuthorizationPolicy", "BackendTLSPolicy", "Endpoints", "Gateway", "GatewayClass", "PeerAuthentication", "ProxyConfig",
        "RequestAuthentication", "TCPRoute", "TLSRoute", "Telemetry", "WasmPlugin",
    ];

    /// <param name="file">The file as the user named it; opens every message.</param>
    /// <param name="text">Its content.</param>
    public static MeshReadResult Read(string file, string text) => Read([new MeshFile(file, text)]);

    /// <param name="files">The files in the order of their precedence; together they are one configuration.</param>
    public static MeshReadResult Read(IEnumerable<MeshFile> files)
    {
        var problems = new ProblemCollector();
        var model = new MeshModelBuilder(problems);
        var isComplete = true;
        foreach (var file in files)
        {
            isComplete &= TryReadDocuments(file, model, problems);
        }

        var world = MeshWorld.Build(model.ToModel(), problems);
        PrecedenceChecker.Check(world, problems);
        if (isComplete)
        {
            // Otherwise what is referred to may stand in what could not be read.
            ReferenceValidator.Validate(world, problems);
        }

        return new MeshReadResult(world, problems.Errors, problems.Warnings);
    }

    private static bool TryReadDocuments(MeshFile file, MeshModelBuilder model, ProblemCollector problems)
    {
        using var reader = new StringReader(file.Text);
        var parser = new YamlDocumentParser(reader);
        try
        {
            while (parser.ReadDocument() is { } document)
            {
                if (document is YamlMapping mapping)
                {
                    ReadDocument(mapping, file.Path, model, problems);
                }
                else
                {
                    problems.Error(null, new SourceField(file.Path, document.Line, ""), "a document must be a resource with apiVersion, kind, metadata and spec");
                }
            }
        }
        catch (YamlException exception)
        {
            // Nothing of the file after this point can be read; what came before was checked.
            problems.Error(null, new SourceField(file.Path, (int)exception.Start.Line, ""), $"not valid YAML: {exception.Message}");
            return false;
        }

        return true;
    }

    private static void ReadDocument(YamlMapping mapping, string file, MeshModelBuilder model, ProblemCollector problems)
    {
        if (MeshConfigReader.IsMeshConfig(mapping))
        {
            model.Read(new FieldReader(mapping, file, "", resource: null, problems));
            return;
        }

        var identity = Identify(mapping);
        var fields = new FieldReader(mapping, file, "", identity, problems);
        var apiVersion = fields.RequiredString("apiVersion");
        var kind = fields.RequiredString("kind");
        fields.Required("metadata");
        var metadata = fields.Object("metadata", ReadMetadata);
        if (!MeshModelBuilder.MayLackSpec(kind))
        {
            fields.Required("spec");
        }

        fields.Accept("spec", "status");
        if (MeshModelBuilder.Kinds.TryGetValue(kind, out var versions))
        {
            if (apiVersion.Length > 0 && !versions.Contains(apiVersion))
            {
                fields.Error("apiVersion", versions is [var only] ? $"must be {only}, not '{apiVersion}'" : $"must be one of {string.Join(", ", versions)}, not '{apiVersion}'");
            }

            var none = ImmutableSortedDictionary<string, string>.Empty;
            model.Read(new MeshDocument(identity, fields, metadata?.Labels ?? none, metadata?.Annotations ?? none));
        }
        else if (kind == "WorkloadGroup")
        {
            fields.Warning("kind", "WorkloadGroup has no effect: it registers workloads at run time; declare each by a WorkloadEntry");
        }
        else if (UnsupportedKinds.Contains(kind))
        {
            fields.Error("kind", $"{kind} is not supported in this version; remove the document");
        }
        else if (kind.Length > 0)
        {
            fields.Error("kind", $"'{kind}' is not a known kind; known here: {string.Join(", ", MeshModelBuilder.Kinds.Keys)}");
        }

        fields.Finish();
    }

    private static Metadata ReadMetadata(FieldReader metadata)
    {
        var name = metadata.RequiredString("name");
        if (name.Length > 0 && !HostReader.IsHostName(name))
        {
            metadata.Error("name", $"'{name}' is not a name; write letters, digits, '-' and '.'");
        }

        if (metadata.String("namespace") is { } ns && !VisibilityReader.IsNamespace(ns))
        {
            metadata.Error("namespace", $"'{ns}' is not the name of a namespace");
        }

        var result = new Metadata(metadata.StringMap("labels"), metadata.StringMap("annotations"));

        // What the API server adds.
        metadata.Accept(
            "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName", "generation", "managedFields",
            "ownerReferences", "resourceVersion", "selfLink", "uid");
        metadata.Finish();
        return result;
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

    private sealed record Metadata(ImmutableSortedDictionary<string, string> Labels, ImmutableSortedDictionary<string, string> Annotations);
}
