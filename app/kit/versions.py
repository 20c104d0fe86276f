"""How a caller names the version it knows: entity tags in If-Match and If-None-Match (RFC 9110, 13.1)."""

import re

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')
ANY = "*"


def tags_in(header: str) -> list[str]:
    """Every tag of the list, weak marks taken off; `*` stands for whatever there is."""
    return [ANY] if header.strip() == ANY else _TAG.findall(header)


def names(header: str, tag: str) -> bool:
    """Does the header name this very version?"""
    return bool({ANY, tag} & set(tags_in(header)))
