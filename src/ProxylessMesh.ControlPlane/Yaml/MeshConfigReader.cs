using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Reads Istio's MeshConfig, which is a document without apiVersion and kind. What does not concern a client's routes, or
/// belongs to what this version does not do, is warned of by name.
/// </summary>
internal static class MeshConfigReader
{
    private static readonly string[] Effective =
        ["defaultDestinationRuleExportTo", "defaultHttpRetryPolicy", "defaultServiceExportTo", "defaultVirtualServiceExportTo", "outboundTrafficPolicy", "rootNamespace"];

    private static readonly string[] WithoutEffect =
    [
        "accessLogEncoding", "accessLogFile", "accessLogFormat", "ca", "caCertificates", "certificates", "configSources", "connectTimeout",
        "defaultConfig", "defaultProviders", "defaultTrafficPolicy", "disableEnvoyListenerLog", "discoverySelectors",
        "dnsRefreshRate", "enableAutoMtls", "enableEnvoyAccessLogService", "enablePrometheusMerge", "enableTracing", "extensionProviders",
        "h2UpgradePolicy", "hboneIdleTimeout", "inboundClusterStatName", "inboundTrafficPolicy", "ingressClass", "ingressControllerMode",
        "ingressSelector", "ingressService", "localityLbSetting", "meshMTLS", "outboundClusterStatName", "pathNormalization",
        "protocolDetectionTimeout", "proxyHttpPort", "proxyInboundListenPort", "proxyListenPort", "serviceScopeConfigs", "serviceSettings",
        "tcpKeepalive", "tlsDefaults", "trustDomain", "trustDomainAliases", "verifyCertificateAtClient",
    ];

    /// <summary>Whether a document is a MeshConfig: no resource, and at least one field of one.</summary>
    public static bool IsMeshConfig(YamlMapping document)
    {
        var keys = document.Entries.Select(entry => entry.Key).ToArray();
        return !keys.Any(key => key is "apiVersion" or "kind" or "metadata" or "spec") && keys.Any(key => Effective.Contains(key) || WithoutEffect.Contains(key));
    }

    public static MeshSettings Read(FieldReader config)
    {
        var defaults = MeshSettings.Default;
        var root = config.String("rootNamespace") ?? defaults.RootNamespace;
        if (!VisibilityReader.IsNamespace(root))
        {
            config.Error("rootNamespace", $"'{root}' is not the name of a namespace");
        }

        var settings = new MeshSettings
        {
            RootNamespace = root,
            IsRegistryOnly = SidecarReader.ReadTrafficPolicy(config) ?? defaults.IsRegistryOnly,
            DefaultRetry = config.Object("defaultHttpRetryPolicy", RetryReader.Read),
            ServiceExportTo = VisibilityReader.ReadExportTo(config, "defaultServiceExportTo") ?? defaults.ServiceExportTo,
            VirtualServiceExportTo = VisibilityReader.ReadExportTo(config, "defaultVirtualServiceExportTo") ?? defaults.VirtualServiceExportTo,
            DestinationRuleExportTo = VisibilityReader.ReadExportTo(config, "defaultDestinationRuleExportTo") ?? defaults.DestinationRuleExportTo,
        };
        foreach (var key in WithoutEffect.Where(config.Has))
        {
            config.Warning(key, "has no effect in this version");
        }

        config.Finish();
        return settings;
    }
}
