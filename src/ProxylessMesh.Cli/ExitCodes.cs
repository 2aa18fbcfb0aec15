namespace ProxylessMesh.Cli;

/// <summary>What the tool ends with; scripts rely on the numbers.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The mesh file or an argument is wrong, or the address cannot be listened on; standard error says why.</summary>
    public const int Failure = 1;
}
