namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Where a share of the requests goes as well (<c>mirror</c>, <c>mirrors[]</c>). A share of none is not kept.</summary>
internal sealed record HttpMirror(RouteDestination Destination, Share Share);
