using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads where a Gateway API rule leads to: <c>backendRefs[]</c> and the backend of a mirror.</summary>
internal static class GatewayBackendReader
{
    private const int Whole = 100;

    public static GatewayBackend Read(FieldReader backend, string ns, bool isGrpc)
    {
        CheckKind(backend);
        var filters = GatewayFilterReader.Read(backend, ns, isGrpc);
        var result = new GatewayBackend(
            backend.Field("name"),
            backend.String("namespace") ?? ns,
            backend.RequiredString("name"),
            backend.Port("port") ?? 0,
            (uint)(backend.Integer("weight", 0, 1_000_000) ?? 1),
            filters.Headers);
        backend.Finish();
        if (filters.Redirect is not null || filters.Rewrite is not null || !filters.Mirrors.IsEmpty || filters.Cors is not null)
        {
            backend.Error("filters", "a backend takes header modifiers only; put the rest on the rule");
        }

        return result;
    }

    public static GatewayMirror ReadMirror(FieldReader mirror, string ns)
    {
        mirror.Required("backendRef");
        var backend = mirror.Object("backendRef", fields =>
        {
            CheckKind(fields);
            var result = new GatewayBackend(fields.Field("name"), fields.String("namespace") ?? ns, fields.RequiredString("name"), fields.Port("port") ?? 0, 0, HeaderOperations.None);
            fields.Finish();
            return result;
        });
        var percent = mirror.Integer("percent", 0, Whole);
        var fraction = mirror.Object("fraction", ReadFraction);
        mirror.Finish();
        if (percent is not null && fraction is not null)
        {
            mirror.Error("fraction", "excludes 'percent'; remove one of them");
        }

        var share = fraction?.Share ?? (percent is { } given ? Share.OfPercent(given) : Share.All);
        return new GatewayMirror(backend ?? new GatewayBackend(mirror.Self, ns, "", 0, 0, HeaderOperations.None), share);
    }

    private static void CheckKind(FieldReader backend)
    {
        var group = backend.String("group") ?? "";
        var kind = backend.String("kind") ?? "Service";
        if (group is not ("" or "core") || kind != "Service")
        {
            backend.Error("kind", $"{kind} is not supported in this version; use a Service");
        }

        backend.Required("port");
    }

    private static Fraction ReadFraction(FieldReader fraction)
    {
        fraction.Required("numerator");
        var denominator = fraction.Integer("denominator", 1, int.MaxValue) ?? Whole;
        var numerator = fraction.Integer("numerator", 0, denominator) ?? 0;
        fraction.Finish();
        return new Fraction(Share.OfPercent(100.0 * numerator / denominator));
    }

    private sealed record Fraction(Share Share);
}
