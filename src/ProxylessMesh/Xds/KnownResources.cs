using Google.Protobuf;

namespace ProxylessMesh.Xds;

/// <summary>
/// The resources of one type by the bytes they came in, accepted or rejected, so that the same bytes need no decoding. A
/// full state repeats everything for one change, and hashing costs a small part of decoding. Lives on the configuration loop.
/// </summary>
internal sealed class KnownResources<T>
    where T : class
{
    private readonly Dictionary<ByteString, KnownResource<T>> _known = [];

    public bool TryFind(ByteString bytes, out KnownResource<T> known) => _known.TryGetValue(bytes, out known);

    /// <summary>Takes in the state's bytes as they are now, unless the watchers just told of them have let go of it.</summary>
    public void Remember(ResourceState<T> state)
    {
        if (state.IsDropped)
        {
            return;
        }

        if (state.AcceptedBytes is { } accepted)
        {
            _known[accepted] = new KnownResource<T>(state, IsRejected: false);
        }

        if (state.RejectedBytes is { } rejected)
        {
            _known[rejected] = new KnownResource<T>(state, IsRejected: true);
        }
    }

    /// <summary>Call it before the state's bytes change, or the state goes.</summary>
    public void Forget(ResourceState<T> state)
    {
        if (state.AcceptedBytes is { } accepted)
        {
            _known.Remove(accepted);
        }

        if (state.RejectedBytes is { } rejected)
        {
            _known.Remove(rejected);
        }
    }
}

/// <summary>Whose bytes, and what became of them.</summary>
internal readonly record struct KnownResource<T>(ResourceState<T> State, bool IsRejected)
    where T : class;
