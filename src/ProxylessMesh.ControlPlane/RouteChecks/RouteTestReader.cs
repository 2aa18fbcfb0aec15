using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Matching;
using ProxylessMesh.Xds.Resources;
using Message = Envoy.Config.Route.V3.HeaderMatcher;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>Reads tests in the shape of Envoy's router check. Used once.</summary>
internal sealed class RouteTestReader
{
    private readonly List<string> _errors = [];
    private readonly string _source;

    private RouteTestReader(string source) => _source = source;

    /// <exception cref="RouteCheckException">A test is wrong.</exception>
    public static IReadOnlyList<RouteTest> Read(string text, string source)
    {
        var root = StructuredText.Parse(text, source);
        var tests = root as JsonArray ?? (root as JsonObject)?["tests"] as JsonArray ?? throw new RouteCheckException(source, [$"{source}: must be an object with 'tests', a list"]);
        var reader = new RouteTestReader(source);
        if (tests.Count == 0)
        {
            reader._errors.Add($"{source}: tests: must not be empty");
        }

        RouteTest[] result = [.. tests.Select((test, i) => reader.ReadTest(test, string.Create(CultureInfo.InvariantCulture, $"tests[{i}]")))];
        return reader._errors.Count == 0 ? result : throw new RouteCheckException(source, reader._errors);
    }

    private RouteTest ReadTest(JsonNode? node, string place)
    {
        var test = Fields(node, place, "test_name", "input", "validate");
        var name = Text(test, place, "test_name") ?? place;
        place = test.ContainsKey("test_name") ? $"test '{name}'" : place;
        var request = ReadInput(test.GetValueOrDefault("input"), $"{place}: input");
        return ReadValidate(new RouteTest(name, request), test.GetValueOrDefault("validate"), $"{place}: validate");
    }

    private RouteCheckRequest ReadInput(JsonNode? node, string place)
    {
        var input = Fields(
            node, place, "authority", "path", "method", "random_value", "ssl", "internal", "runtime", "additional_request_headers", "additional_response_headers");
        if (input.ContainsKey("runtime"))
        {
            Error(place, "runtime", "is not supported: the mesh has no runtime, the default of a runtime_fraction decides");
        }

        return new RouteCheckRequest
        {
            Authority = Required(input, place, "authority"),
            Path = Required(input, place, "path"),
            Method = Text(input, place, "method") ?? "GET",
            RandomValue = Number(input, place, "random_value") ?? 0,
            IsTls = Flag(input, place, "ssl"),
            IsInternal = Flag(input, place, "internal"),
            Headers = Headers(input, place, "additional_request_headers"),
            ResponseHeaders = Headers(input, place, "additional_response_headers"),
        };
    }

    private RouteTest ReadValidate(RouteTest test, JsonNode? node, string place)
    {
        var validate = Fields(
            node, place, "cluster_name", "virtual_host_name", "virtual_cluster_name", "route_name", "host_rewrite", "path_rewrite", "path_redirect", "code_redirect", "timeout", "request_header_matches",
            "response_header_matches");
        if (validate.Count == 0)
        {
            Error(place, "", "must expect something");
        }

        return test with
        {
            ClusterName = Text(validate, place, "cluster_name"),
            VirtualHostName = Text(validate, place, "virtual_host_name"),
            VirtualClusterName = Text(validate, place, "virtual_cluster_name"),
            RouteName = Text(validate, place, "route_name"),
            HostRewrite = Text(validate, place, "host_rewrite"),
            PathRewrite = Text(validate, place, "path_rewrite"),
            PathRedirect = Text(validate, place, "path_redirect"),
            CodeRedirect = (int?)Number(validate, place, "code_redirect"),
            Timeout = Time(validate, place, "timeout"),
            RequestHeaders = Matchers(validate, place, "request_header_matches"),
            ResponseHeaders = Matchers(validate, place, "response_header_matches"),
        };
    }

    private Dictionary<string, JsonNode?> Fields(JsonNode? node, string place, params string[] known)
    {
        var fields = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        if (node is not JsonObject message)
        {
            Error(place, "", "must be an object");
            return fields;
        }

        foreach (var (key, value) in message)
        {
            // Proto JSON has two spellings, and nothing is as good as absent.
            var name = string.Concat(key.Select(static c => char.IsAsciiLetterUpper(c) ? $"_{char.ToLowerInvariant(c)}" : c.ToString()));
            if (!known.Contains(name))
            {
                Error(place, key, $"is unknown; the fields are {string.Join(", ", known)}");
            }
            else if (value is not null)
            {
                fields[name] = value;
            }
        }

        return fields;
    }

    private string Required(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        var text = Text(fields, place, name) ?? "";
        if (text.Length == 0)
        {
            Error(place, name, "must not be empty");
        }

        return text;
    }

    private string? Text(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        switch (fields.GetValueOrDefault(name))
        {
            case null:
                return null;
            case JsonValue value:
                return value.ToString(); // a word that looks like a number is a word here
            default:
                Error(place, name, "must be a text");
                return null;
        }
    }

    private ulong? Number(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        if (Text(fields, place, name) is not { } text)
        {
            return null;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Error(place, name, $"'{text}' must be a whole number");
        return null;
    }

    private bool Flag(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        var text = Text(fields, place, name);
        if (text is not (null or "true" or "false"))
        {
            Error(place, name, $"'{text}' must be true or false");
        }

        return text == "true";
    }

    private TimeSpan? Time(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        if (Text(fields, place, name) is not { } text)
        {
            return null;
        }

        if (text.EndsWith('s') && decimal.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < Duration.MaxSeconds / 1000)
        {
            return new TimeSpan((long)(seconds * TimeSpan.TicksPerSecond));
        }

        Error(place, name, $"'{text}' must be a duration in seconds, for example 1.5s");
        return null;
    }

    private List<KeyValuePair<string, string>> Headers(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var (item, at) in Items(fields, place, name))
        {
            // Envoy's HeaderValue, also inside a HeaderValueOption.
            var header = Fields((item as JsonObject)?["header"] ?? item, at, "key", "value");
            headers.Add(new(Required(header, at, "key"), Text(header, at, "value") ?? ""));
        }

        return headers;
    }

    private List<HeaderMatcher> Matchers(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        var matchers = new List<HeaderMatcher>();
        foreach (var (item, at) in Items(fields, place, name))
        {
            if (item is not JsonObject message)
            {
                Error(at, "", "must be a HeaderMatcher");
                continue;
            }

            try
            {
                var context = new DecodeContext();
                if (HeaderMatcherReader.Read(RouteConfigurationText.Parse<Message>(message, $"{_source}: {at}", _source), context) is { } matcher && !context.HasErrors)
                {
                    matchers.Add(matcher);
                }

                _errors.AddRange(context.ToErrors().Select(error => $"{_source}: {at}: {error}"));
            }
            catch (RouteCheckException exception)
            {
                _errors.AddRange(exception.Errors);
            }
        }

        return matchers;
    }

    private IEnumerable<(JsonNode? Item, string Place)> Items(Dictionary<string, JsonNode?> fields, string place, string name)
    {
        switch (fields.GetValueOrDefault(name))
        {
            case null:
                return [];
            case JsonArray items:
                return items.Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{place}.{name}[{i}]")));
            default:
                Error(place, name, "must be a list");
                return [];
        }
    }

    private void Error(string place, string field, string rule) => _errors.Add(field.Length == 0 ? $"{_source}: {place}: {rule}" : $"{_source}: {place}.{field}: {rule}");
}
