"""Looking for a pattern's first words first finds what the pattern alone would find."""

from functools import cache

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.content import dates, guard_checks, hints, hours, links
from app.content.guard_names import words_of
from app.content.guard_service import shipped_rules
from app.content.letters import folded, visible
from app.content.sought import Sought
from app.settings import ROOT

PARTIES = words_of("pilkada-2024").parties
NOISE = [
    "İ",
    "ı",
    "ſ",
    "K",
    "é",
    "\u200b",
    "𝐁",
    "٣",
    "☝",
    "\n",
    " ",
    ". ",
    "-",
    "/",
    "#",
    "@",
    "_",
    "0",
    "+62",
    "8",
    "a.b.co/x",
    "x@y.id",
    "WA0812 3456 7890",
    "h - 3 pencoblosan",
    "dua hari lagi pencoblosan",
    "[isi nama] XXXX TODO",
    "tps buka pukul 8 s.d. 2 siang",
    "PDI-P",
    "ſalam ſatu jari",
    "AYO DATANG KE TPS",
    "3271014506990001",
]


@cache
def sentences() -> list[str]:
    halves = yaml.safe_load((ROOT / "data" / "guard_sentences.yaml").read_text(encoding="utf-8"))
    return [row[0] for half in halves.values() for row in half]


def all_sought() -> dict[str, Sought]:
    ours = {rule.id: rule.pattern for rule in shipped_rules().rules if rule.pattern}
    for room in (dates, guard_checks, hints, hours, links):
        ours |= {f"{room.__name__}.{name}": each for name, each in vars(room).items() if isinstance(each, Sought)}
    ours |= {f"away {number}": each for number, each in enumerate(dates._AWAY_VOTES) if isinstance(each, Sought)}
    return {**ours, "parties": PARTIES or pytest.fail("no parties")}


ANY_TEXT = st.lists(
    st.one_of(st.deferred(lambda: st.sampled_from(sentences())), st.sampled_from(NOISE)), min_size=1, max_size=6
).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts)))


@settings(max_examples=150)
@given(text=ANY_TEXT, change=st.sampled_from([str, str.upper, str.lower]))
def test_the_first_words_lose_no_match(text: str, change: type[str]) -> None:
    clean = visible(change(text))[0]
    for name, sought in all_sought().items():
        for said in (clean, folded(clean)):
            plain = [match.span() for match in sought.pattern.finditer(said)]
            assert [match.span() for match in sought.finditer(said)] == plain, name


@settings(max_examples=150)
@given(text=ANY_TEXT)
def test_addresses_without_a_scheme_are_found_from_their_dots(text: str) -> None:
    plain = [match.span() for match in links._BARE.finditer(text)]
    assert [match.span() for match in links._bare(text)] == plain


def test_a_pattern_with_a_missing_first_word_would_be_seen() -> None:
    found = shipped_rules().rules[0].pattern
    assert found is not None
    assert not list(Sought(found.pattern, ("colok",)).finditer("Ayo coblos nomor 3"))
    assert list(found.finditer("Ayo coblos nomor 3"))
