"""Which internet addresses strangers may make us call: public ones, and none that leads to a private one indirectly.

Sources: the IANA special-purpose address registries, and RFC 6052 (NAT64), 3056 (6to4), 4380 (Teredo), 4291 (mapped,
compatible), 6598 (carrier-grade NAT).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_REFUSED_4 = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_UNICAST_6 = IPv6Network("2000::/3")
"""All that is handed out; NAT64, mapped, compatible, local and multicast addresses lie outside."""
_REFUSED_6 = tuple(ip_network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
"""Within that: protocol assignments with Teredo, documentation, 6to4."""

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE | re.ASCII)


def is_public(address: str) -> bool:
    """`address` as a resolver gives it. What isn't an address, or has a zone, isn't public."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return parsed.is_global and not any(parsed in network for network in _REFUSED_4)
    return _is_public_6(parsed)


def _is_public_6(parsed: IPv6Address) -> bool:
    return (
        parsed.scope_id is None
        and parsed in _UNICAST_6
        and parsed.is_global
        and not any(parsed in network for network in _REFUSED_6)
    )


def is_numeric(host: str) -> bool:
    """Whether some program takes it for an address: in brackets, or with a last part that is a number."""
    return ":" in host or bool(_NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]))


def is_canonical(host: str) -> bool:
    """Whether a numeric host is written in the one way that all programs read alike."""
    try:
        return str(ip_address(host)) == host
    except ValueError:
        return False
