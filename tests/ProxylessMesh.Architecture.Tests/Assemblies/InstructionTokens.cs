using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace ProxylessMesh.Architecture.Tests.Assemblies;

/// <summary>The metadata tokens in the instructions of a method.</summary>
internal static class InstructionTokens
{
    /// <summary>The first byte of every two-byte opcode (ECMA-335, III.1.2.1).</summary>
    private const byte TwoBytePrefix = 0xFE;

    private static readonly Dictionary<ushort, OperandType> OperandTypes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!) // static fields need no instance
        .ToDictionary(opCode => (ushort)opCode.Value, opCode => opCode.OperandType);

    public static IReadOnlyList<int> Read(ReadOnlySpan<byte> il)
    {
        var tokens = new List<int>();
        while (!il.IsEmpty)
        {
            var isTwoBytes = il[0] == TwoBytePrefix;
            var opCode = isTwoBytes ? BinaryPrimitives.ReadUInt16BigEndian(il) : il[0];
            il = il[(isTwoBytes ? 2 : 1)..];
            var operandType = OperandTypes[opCode];
            if (operandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                tokens.Add(BinaryPrimitives.ReadInt32LittleEndian(il));
            }

            il = il[SizeOf(operandType, il)..];
        }

        return tokens;
    }

    private static int SizeOf(OperandType type, ReadOnlySpan<byte> operand) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => sizeof(int) * (1 + BinaryPrimitives.ReadInt32LittleEndian(operand)),
        _ => 4,
    };
}
