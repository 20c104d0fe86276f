"""How a picture is described for those who do not see it, in each language."""

from collections.abc import Mapping

from app.content.languages import INDONESIAN, is_language
from app.content.models import Media
from app.kit.errors import BadInput, Problem

LONGEST_ALT = 1000


def alts_of(row: Media) -> dict[str, str]:
    """A picture's descriptions by language, Indonesian first."""
    return {INDONESIAN: row.alt_text, **row.alt_texts}


def alt_in(row: Media, lang: str) -> str:
    """The description in the language of a post, else in Bahasa Indonesia."""
    return row.alt_texts.get(lang) or row.alt_text


def read_alts(alt_text: str, alt_texts: Mapping[str, str]) -> dict[str, str]:
    """Every description checked; the Indonesian one must be there."""
    if unknown := sorted(lang for lang in alt_texts if not is_language(lang)):
        message = (
            f"Bahasa teks alternatif tidak dikenal: {', '.join(unknown)}. Pakai kode ISO 639, misalnya id, su, jv."
        )
        raise BadInput(message, Problem("alt_texts", "bahasa tidak dikenal"))
    others = {lang: text for lang, text in alt_texts.items() if lang != INDONESIAN and text.strip()}
    first = _alt(alt_text.strip() or alt_texts.get(INDONESIAN, ""), "alt_text")
    return {INDONESIAN: first, **{lang: _alt(text, f"alt_texts.{lang}") for lang, text in others.items()}}


def _alt(text: str, place: str) -> str:
    """DKPP 2/2017 art. 20 and our own word: a picture is described for those who do not see it."""
    alt = text.strip()
    if not alt:
        message = "Tulis teks alternatif: apa yang terlihat di gambar, untuk warga yang tidak dapat melihatnya."
        raise BadInput(message, Problem(place, "wajib diisi"))
    if len(alt) > LONGEST_ALT:
        raise BadInput(
            f"Teks alternatif paling panjang {LONGEST_ALT} karakter; ini {len(alt)}.",
            Problem(place, "terlalu panjang"),
        )
    return alt
