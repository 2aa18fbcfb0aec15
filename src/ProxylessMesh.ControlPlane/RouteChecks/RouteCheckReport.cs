using System.Globalization;
using System.Text;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>What came of the tests of a route configuration.</summary>
/// <param name="Tests">Each test, in the order of the file.</param>
public sealed record RouteCheckReport(IReadOnlyList<RouteCheckOutcome> Tests)
{
    /// <summary>Whether every test passed, and there was one.</summary>
    public bool IsSuccess => Tests.Count > 0 && Tests.All(static test => test.IsSuccess);

    /// <summary>The report for a person to read: a line for each test, one for each difference, and a count.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var test in Tests)
        {
            text.Append(test.IsSuccess ? "pass  " : "FAIL  ").AppendLine(test.Name);
            foreach (var difference in test.Differences)
            {
                text.Append("        ").AppendLine(difference);
            }
        }

        return text.Append(CultureInfo.InvariantCulture, $"{Tests.Count} tests, {Tests.Count(static test => !test.IsSuccess)} failed").ToString();
    }
}

/// <summary>What came of one test.</summary>
/// <param name="Name">Its <c>test_name</c>.</param>
/// <param name="Differences">What was expected and what came instead, a line each; empty when it passed.</param>
public sealed record RouteCheckOutcome(string Name, IReadOnlyList<string> Differences)
{
    /// <summary>Whether everything was as expected.</summary>
    public bool IsSuccess => Differences.Count == 0;
}
