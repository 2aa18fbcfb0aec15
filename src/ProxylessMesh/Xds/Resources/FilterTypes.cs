using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Http.StatefulSession.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads the configuration of one kind of filter; notes what is wrong with it, or what of it has no effect.</summary>
/// <returns>What it does, or <see langword="null"/> when it has no effect in process.</returns>
internal delegate FilterConfig? FilterConfigReader(Any config, string fingerprint, DecodeContext context);

/// <summary>The HTTP filters known here by the type of their configuration: as it stands in a listener, and as it stands in a part of the routes.</summary>
internal static class FilterTypes
{
    public static readonly IReadOnlyDictionary<string, FilterConfigReader> Filters = new Dictionary<string, FilterConfigReader>(StringComparer.Ordinal)
    {
        [ExtensionTypes.Router] = static (config, _, context) => Unpack(config, Router.Parser, context),
        [ExtensionTypes.Fault] = FaultReader.Read,
        [ExtensionTypes.HeaderMutation] = HeaderFilterReader.ReadMutation,
        [ExtensionTypes.HeaderToMetadata] = HeaderFilterReader.ReadMetadata,
        [ExtensionTypes.LocalRateLimit] = LocalRateLimitReader.Read,
        [ExtensionTypes.RateLimit] = GlobalRateLimitReader.Read,
        [ExtensionTypes.StatefulSession] = ReadSession,

        // What a browser may do, and statistics of Envoy's own: nothing to carry out in a client.
        [ExtensionTypes.Cors] = static (_, _, _) => null,
        [ExtensionTypes.GrpcStats] = static (_, _, _) => null,
    };

    public static readonly IReadOnlyDictionary<string, FilterConfigReader> Overrides = new Dictionary<string, FilterConfigReader>(StringComparer.Ordinal)
    {
        [ExtensionTypes.Fault] = FaultReader.Read,
        [ExtensionTypes.HeaderMutationPerRoute] = HeaderFilterReader.ReadMutationPerRoute,
        [ExtensionTypes.HeaderToMetadata] = HeaderFilterReader.ReadMetadata,
        [ExtensionTypes.LocalRateLimit] = LocalRateLimitReader.ReadOverride,
        [ExtensionTypes.RateLimitPerRoute] = GlobalRateLimitReader.ReadOverride,
        [ExtensionTypes.StatefulSessionPerRoute] = ReadSessionPerRoute,
        [ExtensionTypes.CorsPolicy] = static (_, _, _) => null,
        [ExtensionTypes.Cors] = static (_, _, _) => null,
    };

    private static FilterConfig? Unpack<T>(Any config, Google.Protobuf.MessageParser<T> parser, DecodeContext context)
        where T : class, Google.Protobuf.IMessage<T>
    {
        ResourceReader.TryUnpack(config, parser, context, out _);
        return null;
    }

    private static FilterConfig? ReadSession(Any config, string fingerprint, DecodeContext context)
    {
        if (ResourceReader.TryUnpack(config, StatefulSession.Parser, context, out var session))
        {
            CheckSession(session, context);
        }

        return null;
    }

    private static FilterConfig? ReadSessionPerRoute(Any config, string fingerprint, DecodeContext context)
    {
        if (ResourceReader.TryUnpack(config, StatefulSessionPerRoute.Parser, context, out var session) && session.StatefulSession is not null)
        {
            CheckSession(session.StatefulSession, context);
        }

        return null;
    }

    private static void CheckSession(StatefulSession session, DecodeContext context)
    {
        if (session.SessionState is not null)
        {
            context.Error("session_state", "session affinity is not supported in this version: leave it empty");
        }
    }
}
