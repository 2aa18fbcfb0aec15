using System.Globalization;
using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Type.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using FaultAbort = Envoy.Extensions.Filters.Http.Fault.V3.FaultAbort;
using FaultDelay = Envoy.Extensions.Filters.Common.Fault.V3.FaultDelay;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes what a route says to the filters of its listener: faults, and CORS.</summary>
internal static class RouteFilterTranslator
{
    public const string FaultName = "envoy.filters.http.fault";
    public const string CorsName = "envoy.filters.http.cors";

    private const uint Always = 100;

    public static void Apply(HttpRoute http, Route route)
    {
        if (http.Fault is { } fault)
        {
            route.TypedPerFilterConfig.Add(FaultName, XdsResource.Pack(Translate(fault)));
        }

        if (http.Cors is { } cors)
        {
            route.TypedPerFilterConfig.Add(CorsName, XdsResource.Pack(Translate(cors)));
        }
    }

    private static HTTPFault Translate(HttpFault fault)
    {
        var result = new HTTPFault();
        if (fault.Delay is { } delay)
        {
            result.Delay = new FaultDelay { FixedDelay = delay.Time.ToDuration(), Percentage = ShareTranslator.Translate(delay.Share) };
        }

        if (fault.Abort is { } abort)
        {
            result.Abort = new FaultAbort { Percentage = abort.Share is { } share ? ShareTranslator.Translate(share) : null };
            if (abort.GrpcStatus is { } grpc)
            {
                result.Abort.GrpcStatus = (uint)grpc;
            }
            else
            {
                result.Abort.HttpStatus = (uint)(abort.HttpStatus ?? 0); // one of the two is given: checked when it was read
            }
        }

        return result;
    }

    private static Envoy.Extensions.Filters.Http.Cors.V3.CorsPolicy Translate(Model.CorsPolicy cors)
    {
        var policy = new Envoy.Extensions.Filters.Http.Cors.V3.CorsPolicy
        {
            AllowMethods = string.Join(',', cors.AllowMethods),
            AllowHeaders = string.Join(',', cors.AllowHeaders),
            ExposeHeaders = string.Join(',', cors.ExposeHeaders),
            MaxAge = cors.MaxAge is { } age ? age.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture) : "",
            AllowCredentials = cors.AllowCredentials,
            FilterEnabled = new RuntimeFractionalPercent { DefaultValue = new FractionalPercent { Numerator = Always } },
            ForwardNotMatchingPreflights = cors.ForwardsUnmatchedPreflights,
        };
        policy.AllowOriginStringMatch.AddRange(cors.AllowOrigins.Select(RouteMatchTranslator.Matcher));
        return policy;
    }
}
