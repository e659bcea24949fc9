"""Tells addresses of the public internet from all others, whatever they are wrapped in. Pure arithmetic."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
AddressRule = Callable[[Address], bool]
"""Whether a connection to this address may be made."""

_NAT64 = IPv6Network("64:ff9b::/96")
_PUBLIC = IPv6Network("2000::/3")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Whether it, and every IPv4 address that it stands for, is one that all of the internet can reach."""
    if isinstance(address, IPv4Address):
        return address.is_global and not (
            address.is_multicast or address.is_reserved or address.is_unspecified
        )
    inner = _wrapped(address)
    if address in _NAT64 or address.ipv4_mapped is not None:
        return all(is_public(each) for each in inner)
    return address in _PUBLIC and address.is_global and all(is_public(each) for each in inner)


def _wrapped(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses inside: mapped, 6to4, Teredo (both ends), NAT64, ISATAP."""
    inner = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    inner += address.teredo or ()
    number = int(address)
    if address in _NAT64 or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        inner.append(IPv4Address(number & 0xFFFFFFFF))
    return inner


def read_address(text: str) -> Address:
    """As the system's resolver writes it; a zone (`%eth0`) is dropped: such an address is never public."""
    return ip_address(text.partition("%")[0])
