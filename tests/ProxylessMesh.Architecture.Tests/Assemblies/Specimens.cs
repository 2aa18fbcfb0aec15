namespace ProxylessMesh.Architecture.Tests.Assemblies;

#pragma warning disable CS0649 // The fields are there to be read as metadata, and must not be assigned: that would name the type a second time.

/// <summary>Types that name <see cref="Forbidden"/>, each in one way only: proof that the reader sees every way.</summary>
internal static class Specimens
{
    public static readonly TypeName ForbiddenName = new(typeof(Forbidden).Namespace!, nameof(Forbidden)); // a type of ours has a namespace

    public static TheoryData<string> Users => new()
    {
        nameof(InField), nameof(InBase), nameof(InInterface), nameof(InParameter), nameof(InReturn), nameof(InBody), nameof(InLambda), nameof(InAsync),
        nameof(InGenericArgument), nameof(InConstraint), nameof(InArray), nameof(InTypeOf), nameof(InAttribute), nameof(InNestedType),
        nameof(InStaticCall), nameof(InMethodArgument), nameof(InCatch),
    };
}

internal interface IForbidden<T>
{
    T Value { get; }
}

[AttributeUsage(AttributeTargets.All)]
internal class Forbidden : Attribute
{
    public static void Call()
    {
    }

    internal sealed class Problem : Exception;
}

internal sealed class InField
{
    public Forbidden? Field;
}

internal sealed class InBase : Forbidden;

internal sealed class InInterface : IForbidden<Forbidden?>
{
    private object? Other { get; }

    Forbidden? IForbidden<Forbidden?>.Value => (Forbidden?)Other;
}

internal sealed class InParameter
{
    public static string Describe(Forbidden value) => value.GetType().Name;
}

internal sealed class InReturn
{
    public static Forbidden? Find() => null;
}

internal sealed class InBody
{
    public static object Create() => new Forbidden();
}

internal sealed class InLambda
{
    public static Func<object, bool> Create() => value => value is Forbidden;
}

internal sealed class InAsync
{
    public static async Task<object> CreateAsync()
    {
        await Task.Yield();
        return new Forbidden();
    }
}

internal sealed class InGenericArgument
{
    public Dictionary<string, List<Forbidden>>? Field;
}

internal sealed class InConstraint
{
    public static string Describe<T>(T value)
        where T : Forbidden => value.ToString()!; // an attribute names itself
}

internal sealed class InArray
{
    public Forbidden[][]? Field;
}

internal sealed class InCatch
{
    public static void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Forbidden.Problem)
        {
            Console.WriteLine();
        }
    }
}

internal sealed class InTypeOf
{
    public static string Name => typeof(Forbidden).Name;
}

[Forbidden]
internal sealed class InAttribute;

internal sealed class InNestedType
{
    internal sealed class Nested
    {
        public Forbidden? Field;
    }
}

internal sealed class InStaticCall
{
    public static void Run() => Forbidden.Call();
}

internal sealed class InMethodArgument
{
    public static object Create() => Activator.CreateInstance<Forbidden>();
}
