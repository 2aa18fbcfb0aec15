using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads shares of requests in per cent, in the forms that Istio has.</summary>
internal static class ShareReader
{
    /// <summary>A <c>Percent</c>, which is a mapping with <c>value</c>; in the older form a whole number.</summary>
    /// <param name="owner">Holds both.</param>
    /// <param name="key">The mapping.</param>
    /// <param name="olderKey">The whole number, which counts where the mapping is missing.</param>
    /// <returns><see langword="null"/> where neither is given.</returns>
    public static Share? Read(FieldReader owner, string key, string? olderKey = null)
    {
        var older = olderKey is null ? null : owner.Integer(olderKey, 0, 100);
        if (owner.Has(key))
        {
            return owner.Object(key, ReadPercent)?.Share;
        }

        return older is { } whole ? new Share((int)whole, IsOfMillion: false) : null;
    }

    private static Percent ReadPercent(FieldReader percent)
    {
        // Left out it is zero, as every number of a protobuf message.
        var value = percent.Number("value", 0, 100) ?? 0;
        percent.Finish();
        return new Percent(Share.OfPercent(value));
    }

    private sealed record Percent(Share Share);
}
