using System.Net.Http.Json;

namespace ProxylessMesh.Messages;

/// <summary>What comes of sending a body more than once.</summary>
internal enum BodyKind
{
    /// <summary>The same bytes each time, in several sends at once too.</summary>
    Constant,

    /// <summary>The same bytes each time, one send after the other.</summary>
    Repeatable,

    /// <summary>It says so itself when it cannot be sent again.</summary>
    SelfGuarding,

    /// <summary>It may go out empty or in part without anybody noticing; nothing better is assumed of a type that is not known.</summary>
    OneTime,
}

/// <summary>Tells the kinds of bodies apart. Stateless.</summary>
internal static class BodyKinds
{
    public static BodyKind Of(HttpContent content) => content switch
    {
        // What is enumerated asynchronously may come from where it is taken away, such as a channel.
        JsonContent { Value: IAsyncEnumerable<object?> } => BodyKind.OneTime,
        ByteArrayContent or ReadOnlyMemoryContent or JsonContent => BodyKind.Constant,

        // Even one that can be rewound: its position is that of a send which was broken off and still reads.
        StreamContent or ReplayContent => BodyKind.SelfGuarding,
        MultipartContent parts => OfAll(parts),
        IForwardingContent forwarding => Of(forwarding.Inner),
        _ => IsGrpcMessage(content.GetType()) ? BodyKind.Repeatable : BodyKind.OneTime,
    };

    private static BodyKind OfAll(MultipartContent parts)
    {
        var kind = BodyKind.Constant;
        foreach (var part in parts)
        {
            var next = Of(part);
            kind = next > kind ? next : kind;
        }

        return kind;
    }

    /// <summary>
    /// The one message of a unary or server-streaming call of grpc-dotnet, whose class is not public. The call serializes it anew each time, into a
    /// buffer of which it has one.
    /// </summary>
    private static bool IsGrpcMessage(Type type) => type.Name == "PushUnaryContent`2" && type.Namespace == "Grpc.Net.Client.Internal";
}
