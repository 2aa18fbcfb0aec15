namespace ProxylessMesh.Messages;

/// <summary>What a reader does next.</summary>
internal enum ReplayStepKind
{
    Data,
    Flush,
    Wait,
    End,
}

/// <param name="Kind">What to do.</param>
/// <param name="Data">What to write.</param>
/// <param name="Change">What to wait for.</param>
internal readonly record struct ReplayStep(ReplayStepKind Kind, ReadOnlyMemory<byte> Data = default, Task? Change = null);
