namespace ProxylessMesh.ControlPlane.Model;

/// <summary>What a route changes of a request before it forwards it (<c>HTTPRewrite</c>).</summary>
internal sealed record HttpRewrite
{
    /// <summary>Takes the place of the part of the path that the match names: the prefix, or else all of it. Empty keeps it.</summary>
    public string Uri { get; init; } = "";

    /// <summary>Excludes <see cref="Uri"/>.</summary>
    public RegexSubstitution? UriRegex { get; init; }

    /// <summary>The new host; empty keeps it.</summary>
    public string Authority { get; init; } = "";
}

/// <summary>A pattern, and what takes the place of each of its matches (<c>RegexRewrite</c>).</summary>
internal sealed record RegexSubstitution(string Pattern, string Substitution);
