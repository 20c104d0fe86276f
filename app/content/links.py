"""Which addresses in a text lead where, judged by the parsed host and never by how the address looks."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from app.content.sought import Sought

# With a scheme anything goes up to the next space; without one only what has dots between its labels.
_FULL = Sought(re.compile(r"https?:[/\\]{1,3}\S{1,2000}", re.IGNORECASE), ("http",))
_DOTTED = re.compile(r"\.[\w-]")
_BARE = re.compile(r"(?<![\w@./:\\-])(?:[\w-]{1,63}\.){1,8}[\w-]{2,24}(?![\w@])(?:[:/?#]\S{0,2000})?")
_MAIL = re.compile(r"(?<![\w.+/-])[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_TRAILING = ".,;:!?)]}>'\"”’"


# What browsers read as a dot between labels.
_DOTS = str.maketrans({"。": ".", "．": ".", "｡": "."})
# Letters and digits that pass for those of kpu.go.id and its neighbours at a glance; a subset of Unicode's confusables
# (UTS #39), checked by eye in a sans-serif face.
_LOOKS_LIKE = str.maketrans(
    {
        other: letter
        for letter, others in {
            "k": "кκᴋⲕӄқ",
            "p": "рρⲣþҏ",
            "u": "υսᴜʋцմ",
            "g": "ɡցƍɢ9",
            "o": "оοօᴏ0ӧ",
            "i": "іιıɩӏl1|ɪ",
            "d": "ԁժɗđ",
            "a": "аαɑ",
            "b": "ЬƄв",
            "c": "сϲ",
            "e": "еҽ",
            "h": "һ",
            "j": "јϳ",
            "m": "м",
            "n": "пո",
            "r": "гᴦ",
            "s": "ѕꜱ5",
            "t": "тτ",
            "w": "ԝω",
            "y": "уγ",
        }.items()
        for other in others
    }
)


@dataclass(frozen=True)
class Hosts:
    """`allowed` with everything beneath them; `endings` make a dotted word without a scheme an address.

    `imitated`: words in a foreign host that make it look like one of ours.
    """

    allowed: frozenset[str]
    shorteners: frozenset[str]
    endings: frozenset[str]
    imitated: frozenset[str] = frozenset()


def host_of(address: str) -> str:
    """The host a browser would open, in small letters; '' when it cannot be told."""
    # Browsers read a backslash as a slash; a parser that does not would take the wrong part for the host.
    address = address.replace("\\", "/").translate(_DOTS)
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
    """Addresses outside the list, each with its host; `own` are hosts that this election names itself."""
    allowed = hosts.allowed | own
    taken: list[tuple[int, int]] = []
    for is_bare, found in ((False, _FULL.finditer(text)), (True, _bare(text))):
        for match in found:
            address = match[0].rstrip(_TRAILING)
            end = match.start() + len(address)
            host = host_of(address)
            if any(start < end and match.start() < stop for start, stop in taken):
                continue
            taken.append((match.start(), end))
            if is_bare and not _reads_as_address(host, address, hosts):
                continue
            if not is_beneath(host, allowed):
                yield match.start(), end, host


def _bare(text: str) -> Iterator[re.Match[str]]:
    """As `_BARE.finditer`, which would try every word; an address has a dot before its second label."""
    end = 0
    for dot in _DOTTED.finditer(text):
        start = dot.start()
        while start > end and (text[start - 1].isalnum() or text[start - 1] in "_-"):
            start -= 1
        if start >= end and (match := _BARE.match(text, start)):
            yield match
            end = match.end()


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


def imitates(host: str, hosts: Hosts, own: frozenset[str]) -> str:
    """The official host that a foreign one is made to look like, or ''."""
    allowed = hosts.allowed | own
    shown = _shown(host)
    seen = skeleton(shown)
    ours = {skeleton(official): official for official in sorted(allowed, key=lambda name: (-len(name), name))}
    if official := next((name for like, name in ours.items() if seen == like or seen.endswith("." + like)), ""):
        return official
    spelled = "." + seen.replace("-", ".") + "."
    if official := next((name for like, name in ours.items() if f".{like}." in spelled), ""):
        return official
    # go.id is given to public bodies alone, so kpk.go.id is a neighbour and no trap.
    if shown.isascii() and shown.endswith(".go.id"):
        return ""
    words = set(re.split(r"[.-]", seen))
    if words & {skeleton(word) for word in hosts.imitated}:
        return next(
            (name for name in sorted(allowed, key=len) if words & set(skeleton(name).split("."))), "alamat resmi"
        )
    tail = ".".join(seen.split(".")[-3:])
    return next((name for like, name in ours.items() if like.count(".") == 2 and _is_one_off(tail, like)), "")


@lru_cache(maxsize=1024)
def skeleton(host: str) -> str:
    """The host as a hurried eye reads it."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", host) if not unicodedata.combining(letter))
    return plain.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")


def _shown(host: str) -> str:
    """Punycode labels as a browser may show them."""
    return ".".join(_label(label) for label in host.split("."))


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label


def _is_one_off(one: str, other: str) -> bool:
    """One letter more, less, or another."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return (
        one[start + 1 :] == other[start:] or one[start:] == other[start + 1 :] or one[start + 1 :] == other[start + 1 :]
    )
