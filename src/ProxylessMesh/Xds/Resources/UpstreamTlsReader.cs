using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Extensions.TransportSockets.Tls.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Reads the TLS that a cluster asks for. A check that cannot be carried out rejects the cluster (gRFC A29). What would only
/// loosen a check is passed over, which is the safe side.
/// </summary>
internal static class UpstreamTlsReader
{
    private const string SystemRootsName = "file-root:system";
    private const string FileRootPrefix = "file-root:";
    private const string FileCertificatePrefix = "file-cert:";

    /// <returns><see langword="null"/>, and an error noted, when there is nothing to go by.</returns>
    public static TlsConfig? Read(UpstreamTlsContext tls, DecodeContext context)
    {
        if (tls.CommonTlsContext is not { } common)
        {
            context.Error("common_tls_context", "must be set (gRFC A29)");
            return null;
        }

        using var scope = context.Enter("common_tls_context");
        Reject(common.CustomTlsCertificateSelector is not null, "custom_tls_certificate_selector", context);
        Reject(common.CustomHandshaker is not null, "custom_handshaker", context);
        var (roots, names) = ReadValidation(common, context);
        return new TlsConfig
        {
            Identity = ReadIdentity(common, context),
            Roots = roots,
            SubjectNames = names,
            Sni = tls.Sni.Length > 0 ? tls.Sni : null,
            UsesHostAsSni = tls.AutoHostSni,
            ValidatesSni = tls.AutoSniSanValidation,
            ApplicationProtocols = [.. common.AlpnProtocols],
            MinVersion = ReadVersion(common.TlsParams?.TlsMinimumProtocolVersion, "tls_params.tls_minimum_protocol_version", context),
            MaxVersion = ReadVersion(common.TlsParams?.TlsMaximumProtocolVersion, "tls_params.tls_maximum_protocol_version", context),
        };
    }

    private static CertificateSource? ReadIdentity(CommonTlsContext common, DecodeContext context)
    {
        // The newer field first; control planes send the older ones beside it, for older clients.
        if (common.TlsCertificateProviderInstance is { } provider)
        {
            return new ProviderCertificates(provider.InstanceName, provider.CertificateName);
        }

        if (common.TlsCertificateCertificateProviderInstance is { } older)
        {
            return new ProviderCertificates(older.InstanceName, older.CertificateName);
        }

        if (common.TlsCertificateSdsSecretConfigs.Count > 0)
        {
            using var scope = context.Enter("tls_certificate_sds_secret_configs", 0);
            return ReadSecret(common.TlsCertificateSdsSecretConfigs[0], context);
        }

        if (common.TlsCertificates.Count == 0)
        {
            return null;
        }

        var certificate = common.TlsCertificates[0];
        if (certificate is { CertificateChain.Filename: { Length: > 0 } chain, PrivateKey.Filename: { Length: > 0 } key })
        {
            return new FileCertificate(chain, key);
        }

        context.Error("tls_certificates[0]", "must be given as two files, 'certificate_chain.filename' and 'private_key.filename': a key is not taken from configuration");
        return null;
    }

    private static (CertificateSource? Roots, ImmutableArray<StringMatcher> Names) ReadValidation(CommonTlsContext common, DecodeContext context)
    {
        switch (common.ValidationContextTypeCase)
        {
            case CommonTlsContext.ValidationContextTypeOneofCase.ValidationContext:
                using (context.Enter("validation_context"))
                {
                    return ReadValidation(common.ValidationContext, context);
                }

            case CommonTlsContext.ValidationContextTypeOneofCase.CombinedValidationContext:
                using (context.Enter("combined_validation_context"))
                {
                    return ReadCombined(common.CombinedValidationContext, context);
                }

            case CommonTlsContext.ValidationContextTypeOneofCase.ValidationContextSdsSecretConfig:
                using (context.Enter("validation_context_sds_secret_config"))
                {
                    return (ReadSecret(common.ValidationContextSdsSecretConfig, context), []);
                }

            case CommonTlsContext.ValidationContextTypeOneofCase.ValidationContextCertificateProviderInstance:
                var instance = common.ValidationContextCertificateProviderInstance;
                return (new ProviderCertificates(instance.InstanceName, instance.CertificateName), []);

            default:
                return (null, []);
        }
    }

    private static (CertificateSource? Roots, ImmutableArray<StringMatcher> Names) ReadCombined(CommonTlsContext.Types.CombinedCertificateValidationContext combined, DecodeContext context)
    {
        CertificateSource? roots = null;
        ImmutableArray<StringMatcher> names = [];
        if (combined.DefaultValidationContext is { } validation)
        {
            using var scope = context.Enter("default_validation_context");
            (roots, names) = ReadValidation(validation, context);
        }

        if (combined.ValidationContextSdsSecretConfig is { } secret)
        {
            using var scope = context.Enter("validation_context_sds_secret_config");
            roots = ReadSecret(secret, context);
        }

        if (roots is null && combined.ValidationContextCertificateProviderInstance is { } instance)
        {
            roots = new ProviderCertificates(instance.InstanceName, instance.CertificateName);
        }

        return (roots, names);
    }

    private static (CertificateSource? Roots, ImmutableArray<StringMatcher> Names) ReadValidation(CertificateValidationContext validation, DecodeContext context)
    {
        RejectCheck(validation.VerifyCertificateSpki.Count > 0, "verify_certificate_spki", context);
        RejectCheck(validation.VerifyCertificateHash.Count > 0, "verify_certificate_hash", context);
        RejectCheck(validation.RequireSignedCertificateTimestamp == true, "require_signed_certificate_timestamp", context);
        RejectCheck(validation.Crl is not null, "crl", context);
        RejectCheck(validation.CustomValidatorConfig is not null, "custom_validator_config", context);
        var names = ReadNames(validation.MatchSubjectAltNames, context);
        RejectCheck(validation.MatchTypedSubjectAltNames.Count > 0, "match_typed_subject_alt_names", context);
        return (ReadRoots(validation, context), names);
    }

    private static CertificateSource? ReadRoots(CertificateValidationContext validation, DecodeContext context)
    {
        if (validation.CaCertificateProviderInstance is { } provider)
        {
            return new ProviderCertificates(provider.InstanceName, provider.CertificateName);
        }

        if (validation.SystemRootCerts is not null)
        {
            return SystemRoots.Instance;
        }

        switch (validation.TrustedCa?.SpecifierCase)
        {
            case null:
                return null;
            case DataSource.SpecifierOneofCase.Filename:
                return new FileRoots(validation.TrustedCa.Filename);
            default:
                context.Error("trusted_ca", "must be given as a 'filename'");
                return null;
        }
    }

    private static CertificateSource? ReadSecret(SdsSecretConfig secret, DecodeContext context)
    {
        if (secret.Name.Length == 0)
        {
            context.Error("name", "must not be empty");
            return null;
        }

        if (secret.Name == SystemRootsName)
        {
            return SystemRoots.Instance;
        }

        if (secret.Name.StartsWith(FileRootPrefix, StringComparison.Ordinal))
        {
            return new FileRoots(secret.Name[FileRootPrefix.Length..]);
        }

        if (!secret.Name.StartsWith(FileCertificatePrefix, StringComparison.Ordinal))
        {
            return new SecretCertificates(secret.Name);
        }

        var paths = secret.Name[FileCertificatePrefix.Length..].Split('~');
        if (paths is [{ Length: > 0 } chain, { Length: > 0 } key])
        {
            return new FileCertificate(chain, key);
        }

        context.Error("name", $"'{secret.Name}' must be '{FileCertificatePrefix}<chain>~<key>'");
        return null;
    }

    private static TlsVersion ReadVersion(TlsParameters.Types.TlsProtocol? version, string field, DecodeContext context)
    {
        switch (version)
        {
            case null or TlsParameters.Types.TlsProtocol.TlsAuto:
                return TlsVersion.Unset;
            case TlsParameters.Types.TlsProtocol.Tlsv10:
                return TlsVersion.Tls10;
            case TlsParameters.Types.TlsProtocol.Tlsv11:
                return TlsVersion.Tls11;
            case TlsParameters.Types.TlsProtocol.Tlsv12:
                return TlsVersion.Tls12;
            case TlsParameters.Types.TlsProtocol.Tlsv13:
                return TlsVersion.Tls13;
            default:
                context.Error(field, $"{(int)version} is no version of TLS");
                return TlsVersion.Unset;
        }
    }

    private static ImmutableArray<StringMatcher> ReadNames(RepeatedField<Envoy.Type.Matcher.V3.StringMatcher> names, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<StringMatcher>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            using var scope = context.Enter("match_subject_alt_names", i);
            if (StringMatcherReader.Read(names[i], context) is { } matcher)
            {
                read.Add(matcher);
            }
        }

        return read.DrainToImmutable();
    }

    private static void Reject(bool isPresent, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.Error(field, "is not supported");
        }
    }

    private static void RejectCheck(bool isPresent, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.Error(field, "is a check that is not supported: a certificate must not pass unchecked (gRFC A29)");
        }
    }
}
