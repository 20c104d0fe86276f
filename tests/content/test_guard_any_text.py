"""Whatever is typed: the guard answers, and points into the text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.content import hours, similarity
from app.content.guard import check_text
from app.content.guard_names import pairs_in, words_of
from app.content.guard_service import facts_for, shipped_rules
from app.content.links import host_of, imitates
from app.content.price import price_of
from tests.content.world import PPS, at, calendar

FACTS = facts_for(PPS, calendar(nama_calon="Contoh Calon / Wakil Contoh; Lain Lagi"), at(2024, 11, 25))
WORDS = (
    "pemungutan suara|27|31|November|Rebo|Ahad|besok|H-3|/|-|.|2024|24|pukul|07.00|7|siang|WIT|TPS|buka|sampai|coblos|"
    "nomor|dua|paslon|Contoh Calon|PKS|masa tenang|lahir|https://|kpu.go.id|xn--|к|@|#|🎉|𝗕|\u200b|(|)|\n|ﬁ|İ|3271"
)
PIECES = st.sampled_from(WORDS.split("|"))
LISTS = st.lists(PIECES, max_size=25)
TEXTS = st.one_of(st.text(max_size=200), LISTS.map(" ".join), LISTS.map("".join))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_guard_never_stumbles_and_points_into_the_text(text: str) -> None:
    for finding in check_text(shipped_rules(), text, FACTS):
        start, end = finding.span
        assert 0 <= start < end <= len(text)
        assert finding.rule not in finding.sentence


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_the_readers_of_hosts_hours_names_and_prices_take_anything(text: str) -> None:
    assert isinstance(imitates(host_of(text), shipped_rules().hosts, frozenset()), str)
    found = hours.range_in(text)
    assert found is None or found[0] < found[1]
    assert all(name for pair in pairs_in(text) for name in pair)
    words_of(text)
    assert price_of([("x", "live", text)]).posts == 1


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_a_measure_is_fair_and_one_only_for_the_same_words(one: str, other: str) -> None:
    there, back = similarity.measure(one, other), similarity.measure(other, one)
    assert there == back
    assert 0 <= there <= 1
    assert (there == 1) == (similarity.normalised(one) == similarity.normalised(other))
    assert similarity.measure(one, one) == 1
