"""Internet addresses, as rate limits count them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address


def neighbourhood(address: str) -> str:
    """The address; for IPv6 its /64, since whoever has one address of a /64 has all of them."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64] or "unknown"
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))
