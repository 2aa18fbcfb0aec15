using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Turns the text of a multi-document file into trees, one document at a time. Anchors and aliases work; depth is bounded.</summary>
internal sealed class YamlDocumentParser
{
    private const int MaxDepth = 64;

    private readonly Parser _parser;
    private readonly Dictionary<AnchorName, YamlNode> _anchors = [];

    public YamlDocumentParser(TextReader reader) => _parser = new Parser(reader);

    /// <returns>The next document that is not empty, or <see langword="null"/> at the end of the file.</returns>
    /// <exception cref="YamlException">The text is not YAML; carries the position.</exception>
    public YamlNode? ReadDocument()
    {
        _parser.TryConsume<StreamStart>(out _);
        while (_parser.TryConsume<DocumentStart>(out _))
        {
            _anchors.Clear();
            var root = ReadNode(depth: 0);
            _parser.Consume<DocumentEnd>();
            if (root is not YamlScalar { IsNull: true })
            {
                return root;
            }
        }

        return null;
    }

    private YamlNode ReadNode(int depth)
    {
        var start = _parser.Current!.Start; // a document always holds at least one node
        if (depth > MaxDepth)
        {
            throw new YamlException(start, start, $"nested deeper than {MaxDepth} levels");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.TryGetValue(alias.Value, out var target)
                ? target
                : throw new YamlException(alias.Start, alias.End, $"alias '*{alias.Value}' has no anchor before it");
        }

        var anchor = _parser.Current is NodeEvent { Anchor.IsEmpty: false } named ? named.Anchor : AnchorName.Empty;
        YamlNode node;
        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            node = new YamlScalar(Line(scalar.Start), scalar.Value, scalar.Style is ScalarStyle.Plain && scalar.Tag.IsEmpty);
        }
        else if (_parser.TryConsume<SequenceStart>(out var sequence))
        {
            node = new YamlSequence(Line(sequence.Start), ReadItems(depth));
        }
        else
        {
            node = new YamlMapping(Line(_parser.Consume<MappingStart>().Start), ReadEntries(depth));
        }

        if (!anchor.IsEmpty)
        {
            _anchors[anchor] = node;
        }

        return node;
    }

    private ImmutableArray<YamlNode> ReadItems(int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return items.ToImmutable();
    }

    private ImmutableArray<YamlEntry> ReadEntries(int depth)
    {
        var entries = ImmutableArray.CreateBuilder<YamlEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1) as YamlScalar
                ?? throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key must be a plain word");
            entries.Add(new YamlEntry(key.Line, key.Value, ReadNode(depth + 1)));
        }

        return entries.ToImmutable();
    }

    private static int Line(Mark mark) => (int)mark.Line;
}
