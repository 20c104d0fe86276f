"""Which addresses that people type may be spoken to: the rules, without a socket."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit, urlunsplit

from app.kit.errors import BadInput, Problem

LONGEST = 500
PORTS = frozenset({443, 8443})
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_PRINTED = re.compile(r"[\x21-\x5b\x5d-\x7e\u00a1-\U0010ffff]+")
"""No blanks, no controls, no backslash: parsers disagree about them, and that is how a check is led past."""
_INNER = frozenset({
    "localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion", "alt",
})  # fmt: skip
"""Last labels that never name a public server (RFC 6761, 6762, 7686, 8375, 9476; ICANN reserved `internal` in 2024)."""
_GLOBAL = ip_network("2000::/3")
_NOT_GLOBAL = tuple(
    ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
"""Inside 2000::/3 but tunnels, documentation or special use (IANA special-purpose registry, read 2026-11)."""
_NOT_GLOBAL_V4 = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
"""Of old Pythons' lists: what is_global of 3.11 still calls global (IETF protocols, the relays of 6to4)."""


def is_public(host: str) -> bool:
    """May this numeric address be connected to? False for everything that is not surely somebody else's public server.

    Loopback, private, link-local (cloud metadata), shared (100.64/10), multicast, reserved; and every form in which IPv6 carries
    an IPv4 address (mapped, NAT64, 6to4, Teredo), since what it really leads to depends on the network in between.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        return address in _GLOBAL and not any(address in net for net in _NOT_GLOBAL)
    return _is_public_v4(address)


def _is_public_v4(address: IPv4Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or any(address in net for net in _NOT_GLOBAL_V4)
    return address.is_global and not is_special


def read_public_url(text: str, *, field: str = "url", allow_private: bool = False) -> str:
    """The address in one spelling (lower-case ASCII host, no trailing slash); raises BadInput.

    Only https, a public host's name, port 443 or 8443, and neither user, password nor fragment. `allow_private` (tests and
    training) also takes http, any port and hosts of this machine. What the name leads to is checked when it is connected to.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not _PRINTED.fullmatch(text):
        raise _wrong(field, "alamatnya tidak terbaca")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode().lower() if host and ":" not in host else host
    except (ValueError, UnicodeError):
        raise _wrong(field, "alamatnya tidak terbaca") from None
    if parts.scheme not in ({"https", "http"} if allow_private else {"https"}) or not host:
        raise _wrong(field, "harus diawali https://")
    if "@" in parts.netloc or parts.fragment:
        raise _wrong(field, "tanpa nama pengguna, sandi, atau tanda #")
    if not allow_private:
        if port not in {None, *PORTS}:
            raise _wrong(field, "hanya porta 443 atau 8443")
        if not is_public_name(host):
            raise _wrong(field, "harus nama peladen umum, bukan angka IP atau nama jaringan sendiri")
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port is None else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), parts.query, ""))


def is_public_name(host: str) -> bool:
    """A name of two labels or more that is no spelling of a number: 127.1, 0x7f000001 and 017700000001 are numbers too."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 2 or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return labels[-1] not in _INNER and not _is_number(labels[-1]) and not _is_inet(host)


def _is_number(label: str) -> bool:
    """Browsers and C libraries read a host whose last label is a number as IPv4 (WHATWG URL, "ends in a number")."""
    return label.isdecimal() or bool(re.fullmatch(r"0x[0-9a-f]*", label))


def _is_inet(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _wrong(field: str, why: str) -> BadInput:
    return BadInput(f"Alamat peladen belum benar: {why}. Contoh: https://contoh.id.", Problem(field, why))
