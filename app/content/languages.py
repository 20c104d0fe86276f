"""Which languages a text may be in, and what they are called: any that the CLDR names, so that people add their own."""

from functools import lru_cache

from babel import Locale

INDONESIAN = "id"
_OWN = {"id": "Bahasa Indonesia", "su": "Basa Sunda"}
"""Those of the shipped templates, by the name their speakers use."""


@lru_cache(maxsize=256)
def language_name(code: str) -> str:
    """Bahasa Jawa for `jv`; the code itself where nobody has a name for it."""
    return _OWN.get(code) or (f"Bahasa {_named()[code]}" if code in _named() else code)


def is_language(code: str) -> bool:
    """ISO 639 codes of two or three letters that the CLDR knows."""
    return code in _OWN or (2 <= len(code) <= 3 and code in _named())


@lru_cache(maxsize=1)
def _named() -> dict[str, str]:
    return dict(Locale("id").languages)
