using Envoy.Extensions.TransportSockets.Tls.V3;
using Google.Protobuf.Collections;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Checks what a cluster asks of its endpoints' certificates. A check that cannot be carried out rejects the cluster (gRFC A29).</summary>
internal static class UpstreamTlsReader
{
    public static void Check(UpstreamTlsContext tls, DecodeContext context)
    {
        if (tls.CommonTlsContext is not { } common)
        {
            context.Error("common_tls_context", "must be set (gRFC A29)");
            return;
        }

        using var scope = context.Enter("common_tls_context");
        if (common.CustomTlsCertificateSelector is not null)
        {
            context.Error("custom_tls_certificate_selector", "is not supported");
        }

        switch (common.ValidationContextTypeCase)
        {
            case CommonTlsContext.ValidationContextTypeOneofCase.ValidationContext:
                using (context.Enter("validation_context"))
                {
                    Check(common.ValidationContext, context);
                }

                break;

            case CommonTlsContext.ValidationContextTypeOneofCase.CombinedValidationContext:
                if (common.CombinedValidationContext.DefaultValidationContext is { } validation)
                {
                    using var validationScope = context.Enter("combined_validation_context.default_validation_context");
                    Check(validation, context);
                }

                break;
        }
    }

    private static void Check(CertificateValidationContext validation, DecodeContext context)
    {
        Reject(validation.VerifyCertificateSpki.Count > 0, "verify_certificate_spki", context);
        Reject(validation.VerifyCertificateHash.Count > 0, "verify_certificate_hash", context);
        Reject(validation.RequireSignedCertificateTimestamp == true, "require_signed_certificate_timestamp", context);
        Reject(validation.Crl is not null, "crl", context);
        Reject(validation.CustomValidatorConfig is not null, "custom_validator_config", context);
        CheckNames(validation.MatchSubjectAltNames, context);
        Reject(validation.MatchTypedSubjectAltNames.Count > 0, "match_typed_subject_alt_names", context);
    }

    private static void CheckNames(RepeatedField<Envoy.Type.Matcher.V3.StringMatcher> names, DecodeContext context)
    {
        for (var i = 0; i < names.Count; i++)
        {
            using var scope = context.Enter("match_subject_alt_names", i);
            StringMatcherReader.Read(names[i], context);
        }
    }

    private static void Reject(bool isPresent, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.Error(field, "is a check that is not supported: a certificate must not pass unchecked (gRFC A29)");
        }
    }
}
