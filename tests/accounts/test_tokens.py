import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import tokens


def test_a_token_has_the_promised_form() -> None:
    token = tokens.new_token()
    assert token.startswith("ktg_")
    assert len(token) == 42
    assert tokens.is_token(token)
    assert tokens.hint(token) == token[:8]


@given(place=st.integers(0, 41), letter=st.sampled_from(string.printable + "é٣"))
def test_one_changed_character_is_always_refused(place: int, letter: str) -> None:
    token = tokens.new_token()
    changed = token[:place] + letter + token[place + 1 :]
    assert tokens.is_token(changed) == (changed == token)


@given(st.text())
def test_other_text_is_refused_without_falling_over(text: str) -> None:
    assert not tokens.is_token(text)


@pytest.mark.parametrize("tail", ["\n", " ", "0", "\x00"])
def test_something_behind_the_token_is_refused(tail: str) -> None:
    assert not tokens.is_token(tokens.new_token() + tail)


def test_the_checksum_never_changes() -> None:
    # Tokens printed last year must still be known next year.
    assert tokens.checksum("ktg_" + "0" * 32) == "2lWMJl"


def test_secrets_differ_and_only_their_hash_is_kept() -> None:
    first, second = tokens.new_secret(), tokens.new_secret()
    assert first != second
    assert len(tokens.hash_of(first)) == 64
    assert tokens.hash_of(first) != tokens.hash_of(second)
