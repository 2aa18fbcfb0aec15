using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>workloadSelector</c>.</summary>
internal static class SelectorReader
{
    /// <param name="spec">The spec that may hold it.</param>
    /// <param name="labelsKey"><c>labels</c>, or <c>matchLabels</c> in a DestinationRule.</param>
    /// <returns><see langword="null"/> when it is not given.</returns>
    public static LabelSelector? Read(FieldReader spec, string labelsKey = "labels") => spec.Object("workloadSelector", selector =>
    {
        var labels = selector.StringMap(labelsKey);
        selector.Finish();
        if (labels.IsEmpty)
        {
            selector.Error(labelsKey, "must hold at least one label");
        }

        return new LabelSelector(labels);
    });
}
