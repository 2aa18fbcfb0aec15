namespace ProxylessMesh.Bootstrap;

/// <summary>Reads a bootstrap's file without ever waiting for one that does not end or never begins.</summary>
internal static class BootstrapFile
{
    /// <exception cref="MeshBootstrapException">It is not there, may not be read, is not a regular file, or is too long.</exception>
    public static byte[] Read(string path, string origin)
    {
        try
        {
            if (!File.Exists(path))
            {
                throw Directory.Exists(path)
                    ? new MeshBootstrapException(origin, null, "is a directory, not a file", "Give the path of the JSON file in it.")
                    : new MeshBootstrapException(origin, null, "does not exist", "Create the file, correct the path, or unset it to run without a control plane.");
            }

            // Mounted ConfigMaps are symbolic links, and FileInfo tells the length of the link itself.
            var file = File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);

            // Pipes, sockets and devices have length 0: opening a pipe would wait for its writer, and /dev/zero never ends.
            if (file.Length == 0)
            {
                throw new MeshBootstrapException(origin, null, "is empty, or is not a regular file", "Write the bootstrap's JSON into a regular file.");
            }

            return file.Length > BootstrapJson.MaxBytes ? throw BootstrapJson.TooLong(origin) : ReadBytes(file.FullName, origin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MeshBootstrapException(origin, null, "cannot be read", "Make it readable for the user this process runs as.", e);
        }
    }

    private static byte[] ReadBytes(string path, string origin)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[BootstrapJson.MaxBytes + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length == buffer.Length ? throw BootstrapJson.TooLong(origin) : buffer[..length];
    }
}
