"""Which addresses in a text lead where, judged by the parsed host and never by how the address looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

# With a scheme anything goes up to the next space; without one only what has dots between its labels.
_FULL = re.compile(r"https?:[/\\]{1,3}\S{1,2000}", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w@./:\\-])(?:[\w-]{1,63}\.){1,8}[\w-]{2,24}(?![\w@])(?:[:/?#]\S{0,2000})?")
_MAIL = re.compile(r"(?<![\w.+/-])[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_TRAILING = ".,;:!?)]}>'\"”’"


@dataclass(frozen=True)
class Hosts:
    """`allowed` with everything beneath them; `endings` make a dotted word without a scheme an address."""

    allowed: frozenset[str]
    shorteners: frozenset[str]
    endings: frozenset[str]


def host_of(address: str) -> str:
    """The host a browser would open, in small letters; '' when it cannot be told."""
    # Browsers read a backslash as a slash; a parser that does not would take the wrong part for the host.
    address = address.replace("\\", "/")
    if not re.match(r"https?:", address, re.IGNORECASE):
        address = "https://" + address
    address = re.sub(r"^(https?:)/*", r"\1//", address, flags=re.IGNORECASE)
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_beneath(host: str, hosts: frozenset[str]) -> bool:
    """Is `host` one of `hosts` or a subdomain of one?"""
    labels = host.split(".")
    return any(".".join(labels[start:]) in hosts for start in range(len(labels)))


def unknown_links(text: str, hosts: Hosts, own: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Addresses outside the list; `own` are hosts that this election names itself."""
    allowed = hosts.allowed | own
    taken: list[tuple[int, int]] = []
    for pattern in (_FULL, _BARE):
        for match in pattern.finditer(text):
            address = match[0].rstrip(_TRAILING)
            end = match.start() + len(address)
            host = host_of(address)
            if any(start < end and match.start() < stop for start, stop in taken):
                continue
            taken.append((match.start(), end))
            if pattern is _BARE and not _reads_as_address(host, address, hosts):
                continue
            if not is_beneath(host, allowed):
                yield match.start(), end, ""


def private_mail(text: str, hosts: Hosts, own: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    if "@" not in text:
        return
    for match in _MAIL.finditer(text):
        if not is_beneath(match[1].lower(), hosts.allowed | own):
            yield match.start(), match.end(), ""


def _reads_as_address(host: str, address: str, hosts: Hosts) -> bool:
    """A dotted word is one if it is a known shortener with a path or ends like an address: not "S.Pd" nor "07.00"."""
    if is_beneath(host, hosts.shorteners):
        return "/" in address
    return host.rpartition(".")[2] in hosts.endings
