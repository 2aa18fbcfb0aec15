namespace ProxylessMesh.Cli;

/// <summary>What the tool ends with; scripts rely on the numbers.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>A file or an argument is wrong, the address cannot be listened on, or a test failed; standard error or the report says why.</summary>
    public const int Failure = 1;
}
