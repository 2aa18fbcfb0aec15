using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Envoy.Service.Ratelimit.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using Code = Envoy.Service.Ratelimit.V3.RateLimitResponse.Types.Code;
using Descriptor = Envoy.Extensions.Common.Ratelimit.V3.RateLimitDescriptor;
using HeaderValue = Envoy.Config.Core.V3.HeaderValue;

namespace ProxylessMesh.Services;

/// <summary>Asks a rate limit service in its own protocol (<c>envoy.service.ratelimit.v3</c>). Thread-safe.</summary>
internal sealed class GrpcRateLimitService : IRateLimitService
{
    private readonly RateLimitServices _services;
    private readonly GrpcServiceConfig _config;
    private readonly TimeProvider _timeProvider;
    private int _isDisposed;

    public GrpcRateLimitService(RateLimitServices services, GrpcServiceConfig config, TimeProvider timeProvider)
    {
        _services = services;
        _config = config;
        _timeProvider = timeProvider;
        services.Acquire(config); // so that the cluster is on its way before the first question
    }

    public async Task<RateLimitAnswer> AskAsync(RateLimitQuestion question, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var expiry = new CancellationTokenSource(timeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expiry.Token);
        var client = new RateLimitService.RateLimitServiceClient(_services.Acquire(_config));
        try
        {
            using var call = client.ShouldRateLimitAsync(Write(question), Headers(), deadline: null, either.Token);
            return Read(await call.ResponseAsync.ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return RateLimitAnswer.Failed(expiry.IsCancellationRequested
                ? string.Create(CultureInfo.InvariantCulture, $"the rate limit service did not answer within {timeout.TotalMilliseconds:0.###} ms")
                : $"the rate limit service failed: {(exception as RpcException)?.Status.Detail ?? exception.Message}");
        }
        catch (RpcException exception)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        finally
        {
            _services.Release(_config);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _services.Release(_config);
        }
    }

    private Metadata? Headers()
    {
        if (_config.Metadata.IsEmpty)
        {
            return null;
        }

        var headers = new Metadata();
        foreach (var (name, value) in _config.Metadata)
        {
            headers.Add(name, value);
        }

        return headers;
    }

    private static RateLimitRequest Write(RateLimitQuestion question)
    {
        var request = new RateLimitRequest { Domain = question.Domain };
        foreach (var descriptor in question.Descriptors)
        {
            var written = new Descriptor { HitsAddend = descriptor.Hits };
            foreach (var (key, value) in descriptor.Entries)
            {
                written.Entries.Add(new Descriptor.Types.Entry { Key = key, Value = value });
            }

            if (descriptor.Override is { } limit)
            {
                written.Limit = new Descriptor.Types.RateLimitOverride { RequestsPerUnit = limit.RequestsPerUnit, Unit = (Envoy.Type.V3.RateLimitUnit)limit.Unit };
            }

            request.Descriptors.Add(written);
        }

        return request;
    }

    /// <summary>Quotas that a service grants in advance are not made use of: each request is asked for.</summary>
    private static RateLimitAnswer Read(RateLimitResponse response) => new(response.OverallCode == Code.OverLimit ? RateLimitVerdict.OverLimit : RateLimitVerdict.Ok)
    {
        Statuses = [.. response.Statuses.Select(Read)],
        ResponseHeaders = Read(response.ResponseHeadersToAdd),
        RequestHeaders = Read(response.RequestHeadersToAdd),
        Body = response.RawBody.ToStringUtf8(),
        Metadata = response.DynamicMetadata is { Fields.Count: > 0 } metadata ? Read(metadata) : null,
    };

    private static RateLimitStatus Read(RateLimitResponse.Types.DescriptorStatus status) => new(
        status.CurrentLimit?.RequestsPerUnit,
        (RateLimitUnit)(status.CurrentLimit?.Unit ?? 0),
        status.CurrentLimit?.Name ?? "",
        status.LimitRemaining,
        TimeSpan.FromSeconds(Math.Clamp(status.DurationUntilReset?.Seconds ?? 0, 0, int.MaxValue)));

    /// <summary>What is no header is left out: it must not break the request.</summary>
    private static ImmutableArray<KeyValuePair<string, string>> Read(RepeatedField<HeaderValue> headers)
    {
        var read = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(headers.Count);
        foreach (var header in headers)
        {
            var value = header.RawValue.IsEmpty ? header.Value : header.RawValue.ToStringUtf8();
            if (header.Key.Length > 0 && header.Key[0] != ':' && !value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                read.Add(new(header.Key.ToLowerInvariant(), value));
            }
        }

        return read.ToImmutable();
    }

    private static JsonObject Read(Struct values)
    {
        var read = new JsonObject();
        foreach (var (name, value) in values.Fields)
        {
            read[name] = Read(value);
        }

        return read;
    }

    private static JsonNode? Read(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => JsonValue.Create(value.StringValue),
        Value.KindOneofCase.NumberValue => JsonValue.Create(value.NumberValue),
        Value.KindOneofCase.BoolValue => JsonValue.Create(value.BoolValue),
        Value.KindOneofCase.StructValue => Read(value.StructValue),
        Value.KindOneofCase.ListValue => new JsonArray([.. value.ListValue.Values.Select(Read)]),
        _ => null,
    };
}
