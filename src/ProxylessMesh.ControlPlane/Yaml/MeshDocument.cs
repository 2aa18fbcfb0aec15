using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>One resource of a file: its head, read, and its fields, to be read by its kind.</summary>
internal sealed record MeshDocument(
    ResourceIdentity Identity,
    FieldReader Fields,
    ImmutableSortedDictionary<string, string> Labels,
    ImmutableSortedDictionary<string, string> Annotations);
