using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ProxylessMesh.Interop.Tests.Contracts;

/// <summary>Our .proto files are a subset of upstream's: what we write, every other xDS implementation reads.</summary>
public sealed class ContractTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task OwnContracts_ComparedWithUpstream_AreASubset()
    {
        using var timeout = new CancellationTokenSource(Timeout);
        var files = ProtoCompiler.OwnFiles();
        var own = await ProtoCompiler.CompileOwnAsync(files, timeout.Token);
        var upstream = await ProtoCompiler.CompileUpstreamAsync(files, timeout.Token);

        var differences = ContractComparison.FindDifferences(own, upstream, [.. NewerElements.Reasons.Keys], [.. NewerElements.Retyped.Keys]);

        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
        Assert.True(ContractElements.Flatten(own).Count > 1000, "The comparison saw too little of our contracts to mean anything.");
    }

    /// <summary>Each row: how the difference begins, and what was made wrong.</summary>
    public static TheoryData<string, Action<FileDescriptorProto>> DeliberateMistakes() => new()
    {
        { "pkg.Message.number: ours is 'field 9:", file => Field(file, "number").Number = 9 },
        { "pkg.Message.number: ours is", file => Field(file, "number").Type = FieldDescriptorProto.Types.Type.Uint64 },
        { "pkg.Message.number: ours is", file => Field(file, "number").Label = FieldDescriptorProto.Types.Label.Repeated },
        { "pkg.Message.renamed: ours is", file => Field(file, "number").Name = "renamed" },
        { "pkg.Message.choice: ours is", file => Field(file, "choice").ClearOneofIndex() },
        { "pkg.Message.choice: ours is", file => file.MessageType[0].OneofDecl[0].Name = "other" },
        { "pkg.Message.map: ours is", file => Field(file, "map").TypeName = ".pkg.Message" },
        { "pkg.Message.MapEntry: ours is", file => file.MessageType[0].NestedType[0].Options.MapEntry = false },
        { "pkg.Enum.ONE: ours is 'value 2'", file => file.EnumType[0].Value[1].Number = 2 },
        { "pkg.Service.Call: ours is", file => file.Service[0].Method[0].ServerStreaming = false },
        { "pkg.Another: ours is 'message', upstream has no such element", file => file.MessageType[0].Name = "Another" },
    };

    [Fact]
    public void FindDifferences_EqualContracts_FindsNone()
        => Assert.Empty(ContractComparison.FindDifferences(Contract(), Contract(), []));

    [Theory]
    [MemberData(nameof(DeliberateMistakes))]
    public void FindDifferences_DeliberateMistake_NamesIt(string expected, Action<FileDescriptorProto> mistake)
    {
        var wrong = Contract();
        mistake(wrong.File[0]);

        var differences = ContractComparison.FindDifferences(wrong, Contract(), []);

        Assert.Contains(differences, difference => difference.StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void FindDifferences_NewerElementThatUpstreamHas_AsksToRemoveIt()
    {
        var differences = ContractComparison.FindDifferences(Contract(), Contract(), ["pkg.Message.number"]);

        Assert.Equal(["pkg.Message.number: upstream has it now; take it out of the table of newer elements"], differences);
    }

    [Fact]
    public void FindDifferences_NewerElementThatWeDoNotCarry_AsksToRemoveIt()
    {
        var differences = ContractComparison.FindDifferences(Contract(), Contract(), ["pkg.Message.gone"]);

        Assert.Equal(["pkg.Message.gone: in the table of newer elements, but we do not carry it"], differences);
    }

    private static FieldDescriptorProto Field(FileDescriptorProto file, string name) => file.MessageType[0].Field.Single(field => field.Name == name);

    /// <summary>A small contract with one element of every kind.</summary>
    private static FileDescriptorSet Contract() => JsonParser.Default.Parse<FileDescriptorSet>(
        """
        {"file": [{
          "name": "pkg.proto", "package": "pkg", "syntax": "proto3",
          "messageType": [{
            "name": "Message",
            "field": [
              {"name": "number", "number": 1, "label": "LABEL_OPTIONAL", "type": "TYPE_UINT32"},
              {"name": "choice", "number": 2, "label": "LABEL_OPTIONAL", "type": "TYPE_STRING", "oneofIndex": 0},
              {"name": "map", "number": 3, "label": "LABEL_REPEATED", "type": "TYPE_MESSAGE", "typeName": ".pkg.Message.MapEntry"}
            ],
            "oneofDecl": [{"name": "choices"}],
            "nestedType": [{"name": "MapEntry", "options": {"mapEntry": true}}]
          }],
          "enumType": [{"name": "Enum", "value": [{"name": "ZERO", "number": 0}, {"name": "ONE", "number": 1}]}],
          "service": [{"name": "Service", "method": [{"name": "Call", "inputType": ".pkg.Message", "outputType": ".pkg.Message", "serverStreaming": true}]}]
        }]}
        """);
}
