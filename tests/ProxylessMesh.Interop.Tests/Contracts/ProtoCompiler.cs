using System.Diagnostics;
using Google.Protobuf.Reflection;

namespace ProxylessMesh.Interop.Tests.Contracts;

/// <summary>Compiles .proto files to a descriptor set with the protoc that also generates the product's code.</summary>
internal static class ProtoCompiler
{
    private static readonly string[] NpmRoots = ["envoy-api", "xds", "googleapis", "protoc-gen-validate"];

    /// <summary>The product's files, by their path below its root: upstream's path too.</summary>
    public static IReadOnlyList<string> OwnFiles()
    {
        var root = BuildValue.Of("ProtosDirectory");
        return [.. Directory.EnumerateFiles(root, "*.proto", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(file => !file.StartsWith("obj/", StringComparison.Ordinal) && !file.StartsWith("bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    public static Task<FileDescriptorSet> CompileOwnAsync(IReadOnlyList<string> files, CancellationToken cancellationToken)
        => CompileAsync([BuildValue.Of("ProtosDirectory")], files, cancellationToken);

    /// <summary>Compiles the files that the npm package <c>@grpc/grpc-js-xds</c> ships.</summary>
    public static async Task<FileDescriptorSet> CompileUpstreamAsync(IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var deps = Path.Combine(BuildValue.Of("NodeModulesDirectory"), "@grpc", "grpc-js-xds", "deps");
        var mended = Directory.CreateTempSubdirectory("proxylessmesh-contracts-");
        try
        {
            await MendValidateAsync(deps, mended.FullName, cancellationToken);
            return await CompileAsync([mended.FullName, .. NpmRoots.Select(root => Path.Combine(deps, root))], files, cancellationToken);
        }
        finally
        {
            mended.Delete(recursive: true);
        }
    }

    /// <summary>
    /// The package's validate.proto is older than its Envoy files, which use an option it does not have. Options are no part
    /// of the contract, so one more line lets them compile.
    /// </summary>
    private static async Task MendValidateAsync(string deps, string directory, CancellationToken cancellationToken)
    {
        const string Before = "message StringRules {";
        var original = await File.ReadAllTextAsync(Path.Combine(deps, "protoc-gen-validate", "validate", "validate.proto"), cancellationToken);
        Assert.Contains(Before, original, StringComparison.Ordinal);
        var mended = original.Replace(Before, $"{Before} optional bool ignore_empty = 26;", StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(directory, "validate"));
        await File.WriteAllTextAsync(Path.Combine(directory, "validate", "validate.proto"), mended, cancellationToken);
    }

    private static async Task<FileDescriptorSet> CompileAsync(IReadOnlyList<string> roots, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var output = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(BuildValue.Of("ProtocPath")) { RedirectStandardError = true };
            foreach (var root in roots.Append(BuildValue.Of("ProtocImports")))
            {
                start.ArgumentList.Add($"--proto_path={root}");
            }

            start.ArgumentList.Add("--include_imports");
            start.ArgumentList.Add($"--descriptor_set_out={output}");
            foreach (var file in files)
            {
                start.ArgumentList.Add(file);
            }

            using var protoc = Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' did not start.");
            var errors = await protoc.StandardError.ReadToEndAsync(cancellationToken);
            await protoc.WaitForExitAsync(cancellationToken);
            Assert.True(protoc.ExitCode == 0, $"protoc failed:\n{errors}");
            return FileDescriptorSet.Parser.ParseFrom(await File.ReadAllBytesAsync(output, cancellationToken));
        }
        finally
        {
            File.Delete(output);
        }
    }
}
