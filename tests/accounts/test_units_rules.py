from hypothesis import given
from hypothesis import strategies as st

from app.accounts.speaker import inherit, lineage

Values = st.dictionaries(st.sampled_from("abcd"), st.text(max_size=3), max_size=4)


@given(Values, st.lists(Values, max_size=4))
def test_the_nearest_unit_that_says_something_is_believed(default: dict[str, str], chain: list[dict[str, str]]) -> None:
    found = inherit(default, chain)
    for name in set(default).union(*chain):
        nearest = next(own[name] for own in [*reversed(chain), default] if name in own)
        assert found[name] == nearest
    assert set(found) == set(default).union(*chain)


def test_values_are_text_and_the_given_ones_stay_as_they_were() -> None:
    default: dict[str, object] = {"jumlah_tps": 7}
    assert inherit(default, [{"kontak": "0251"}]) == {"jumlah_tps": "7", "kontak": "0251"}
    assert default == {"jumlah_tps": 7}


def test_a_path_names_everybody_above() -> None:
    assert lineage("/1/4/17/") == [1, 4, 17]
    assert lineage("/") == []
