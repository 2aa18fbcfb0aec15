using System.Collections.Immutable;
using Envoy.Extensions.Filters.Http.HeaderMutation.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using Message = Envoy.Config.Common.MutationRules.V3.HeaderMutation;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads what a filter does to headers.</summary>
internal static class HeaderMutationFilterReader
{
    public static FilterConfig? Read(Any config, string fingerprint, DecodeContext context)
        => ResourceReader.TryUnpack(config, HeaderMutation.Parser, context, out var message)
            ? Read(message.Mutations, fingerprint, context) with { MostSpecificWins = message.MostSpecificHeaderMutationsWins }
            : null;

    public static FilterConfig? ReadPerRoute(Any config, string fingerprint, DecodeContext context)
        => ResourceReader.TryUnpack(config, HeaderMutationPerRoute.Parser, context, out var message) ? Read(message.Mutations, fingerprint, context) : null;

    private static HeaderMutationFilterConfig Read(Mutations? mutations, string fingerprint, DecodeContext context)
    {
        if (mutations is null)
        {
            return new HeaderMutationFilterConfig { Fingerprint = fingerprint };
        }

        using var scope = context.Enter("mutations");
        if (mutations.QueryParameterMutations.Count > 0)
        {
            context.Error("query_parameter_mutations", "is not supported: rewrite the path by the route");
        }

        return new HeaderMutationFilterConfig
        {
            Fingerprint = fingerprint,
            Request = ReadAll(mutations.RequestMutations, "request_mutations", context),
            Response = ReadAll(mutations.ResponseMutations, "response_mutations", context),
        };
    }

    private static ImmutableArray<HeaderMutationConfig> ReadAll(RepeatedField<Message> mutations, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<HeaderMutationConfig>(mutations.Count);
        for (var i = 0; i < mutations.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (ReadOne(mutations[i], context) is { } mutation)
            {
                read.Add(mutation);
            }
        }

        return read.ToImmutable();
    }

    private static HeaderMutationConfig? ReadOne(Message mutation, DecodeContext context)
    {
        switch (mutation.ActionCase)
        {
            case Message.ActionOneofCase.Remove:
                return HeaderMutationReader.ReadName(mutation.Remove, "remove", context) is { } name ? new HeaderMutationConfig { Remove = name } : null;

            case Message.ActionOneofCase.Append:
                using (context.Enter("append"))
                {
                    return HeaderMutationReader.ReadAddition(mutation.Append, context) is { } addition ? new HeaderMutationConfig { Add = addition } : null;
                }

            case Message.ActionOneofCase.RemoveOnMatch:
                using (context.Enter("remove_on_match.key_matcher"))
                {
                    if (mutation.RemoveOnMatch.KeyMatcher is null)
                    {
                        context.Error("", "must be set");
                        return null;
                    }

                    return StringMatcherReader.Read(mutation.RemoveOnMatch.KeyMatcher, context) is { } matcher ? new HeaderMutationConfig { RemoveMatching = matcher } : null;
                }

            default:
                context.Error("action", "must be 'remove', 'append' or 'remove_on_match'");
                return null;
        }
    }
}
