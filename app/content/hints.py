"""What makes a text hard to read aloud or to follow: hints for the author, never a reason to hold a post back."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from app.content.guard_types import Hit
from app.content.sought import Sought

# Below this many letters, capitals are an abbreviation, not shouting.
SHOUTING_FROM = 20
SHOUTING_SHARE = 0.6
MOST_EMOJI = 3
LONGEST_SENTENCE = 35
"""Words; Indonesian plain-language guides advise about 20, so this names only what is certainly too long."""
# From here on a hashtag in small letters is surely more than one word.
LONG_HASHTAG = 14

_HASHTAG = Sought(re.compile(r"(?<![\w&/#])#([^\W_][\w]{2,100})"), ("#",))
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001f3fa\U0001f400-\U0001f5ff\U0001f600-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f900-\U0001f9ff\U0001fa70-\U0001faff\u2600-\u27bf\u2b50\u2b55]"
)
_CAPITALS = Sought(re.compile(r"(?<![\w#@/.-])[A-Z]{4,}(?:\s+[A-Z]{2,})*(?![\w/.-])"), starts=re.compile(r"[A-Z]+"))
# Capitals that are read as one word or letter by letter, whatever they stand for.
_ABBREVIATIONS = frozenset(
    [
        "KPPS",
        "DPTB",
        "DPTH",
        "DPHP",
        "LINMAS",
        "DKPP",
        "PANTARLIH",
        "SATGAS",
        "SARA",
        "ASN",
        "TNI",
        "POLRI",
        "WITA",
        "SMAN",
        "SMKN",
        "DPRD",
        "DPRRI",
        "BPJS",
        "KTP",
        "KWK",
        "JDIH",
        "PPID",
        "SIREKAP",
        "SIDALIH",
        "SILON",
        "SIPOL",
        "NKRI",
        "HUT",
        "BUMN",
        "BUMD",
        "RSUD",
        "UMKM",
        "ODGJ",
        "LADK",
        "LPSDK",
        "LPPDK",
        "PKPU",
        "JKN",
        "NPWP",
        "SIPP",
    ]
)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|\Z)[^.!?\n]*)*")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def shouting(text: str) -> Iterator[Hit]:
    if _is_shouting(text):
        yield Hit(0, len(text))


def flat_hashtags(text: str) -> Iterator[Hit]:
    """A screen reader spells #pilkadaserentak as one unknown word; #PilkadaSerentak is read as two."""
    for match in _HASHTAG.finditer(text):
        letters = match[1]
        if len(letters) >= LONG_HASHTAG and (letters.islower() or letters.isupper()):
            yield Hit(match.start(), match.end())


def many_emoji(text: str) -> Iterator[Hit]:
    if text.isascii():
        return
    found = list(_EMOJI.finditer(text))
    if len(found) > MOST_EMOJI:
        yield Hit(found[MOST_EMOJI].start(), found[-1].end(), f"Ada {len(found)} emoji; cukup {MOST_EMOJI}")


def capital_words(text: str) -> Iterator[Hit]:
    if _is_shouting(text):
        return
    for match in _CAPITALS.finditer(text):
        if any(len(word) > 3 and word not in _ABBREVIATIONS for word in match[0].split()) and _is_loud(match[0]):
            yield Hit(match.start(), match.end())


def long_sentences(text: str) -> Iterator[Hit]:
    for match in _SENTENCE.finditer(text):
        count = sum(1 for _ in _WORD.finditer(match[0])) if len(match[0]) > LONGEST_SENTENCE * 2 else 0
        if count > LONGEST_SENTENCE:
            yield Hit(match.start(), match.end(), f"Kalimat ini {count} kata; pecah menjadi dua atau tiga")


def decorated_letters(text: str) -> Iterator[Hit]:
    """Mathematical letters that look like bold or script: a screen reader spells or skips them."""
    if text.isascii():
        return
    decorated = {letter for letter in set(text) if _is_decorated(letter)}
    if decorated:
        places = [place for place, letter in enumerate(text) if letter in decorated]
        yield Hit(places[0], places[-1] + 1)


@lru_cache(maxsize=8)
def _is_shouting(text: str) -> bool:
    """Kept, since two checks ask it of each text."""
    letters = list(filter(str.isalpha, text))
    return len(letters) >= SHOUTING_FROM and sum(map(str.isupper, letters)) > SHOUTING_SHARE * len(letters)


def _is_loud(words: str) -> bool:
    """One word in capitals may be a name in an unknown abbreviation; two, or a long one, are meant as emphasis."""
    return " " in words or len(words) > 6


def _is_decorated(letter: str) -> bool:
    if not ("\U0001d400" <= letter <= "\U0001d7ff" or "\U0001f130" <= letter <= "\U0001f189" or "Ａ" <= letter <= "ｚ"):
        return False
    return unicodedata.normalize("NFKC", letter) != letter
