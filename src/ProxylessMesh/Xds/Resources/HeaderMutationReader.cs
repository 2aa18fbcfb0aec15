namespace ProxylessMesh.Xds.Resources;

/// <summary>Notes headers to add and remove, which this version accepts without effect.</summary>
internal static class HeaderMutationReader
{
    public static void Note(int count, string field, DecodeContext context)
    {
        if (count > 0)
        {
            context.WarnNoEffect("header mutations", field);
        }
    }
}
