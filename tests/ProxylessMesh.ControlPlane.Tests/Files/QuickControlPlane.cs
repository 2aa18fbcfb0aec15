using Microsoft.Extensions.Logging;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Files;

/// <summary>A control plane whose file is looked at often, so that a change need not wait for the clock.</summary>
internal sealed class QuickControlPlane(IControlPlane controlPlane) : IControlPlane
{
    public Task<ControlPlaneConnection> ConnectAsync(TimeProvider timeProvider, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
        => controlPlane.ConnectAsync(new QuickClock(), loggerFactory, cancellationToken);

    private sealed class QuickClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
            => base.CreateTimer(callback, state, Hurry(dueTime), Hurry(period));

        private static TimeSpan Hurry(TimeSpan time) => time > TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : time;
    }
}
