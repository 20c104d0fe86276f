import pytest

from app.channels import rules
from app.channels.rules import Environment, State
from app.kit.errors import BadInput, Conflict


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("@pps.menteng", "pps.menteng"), (" PPS_Menteng ", "PPS_Menteng"), ("a-1", "a-1"), ("x" * 60, "x" * 60)],
)
def test_a_handle_is_kept_without_its_at(typed: str, kept: str) -> None:
    assert rules.read_handle(typed) == kept


@pytest.mark.parametrize("typed", ["", "@", "a b", "a/b", "@@a", "x" * 61, "é", "\x00a"])
def test_other_letters_are_no_handle(typed: str) -> None:
    with pytest.raises(BadInput):
        rules.read_handle(typed)


def test_an_unknown_platform_is_told_the_known_ones() -> None:
    with pytest.raises(BadInput, match="facebook, instagram, x"):
        rules.read_platform("friendster", ["x", "instagram", "facebook"])


@pytest.mark.parametrize("given", ["rahasia-123", " rahasia-123 ", {"access_token": "rahasia-123"}])
def test_a_credential_may_be_pasted_or_posted(given: str | dict[str, str]) -> None:
    read = rules.read_credential(given, environment=Environment.LIVE, platform="x", handle="a")
    assert read == {"access_token": "rahasia-123"}


@pytest.mark.parametrize(
    "given", [None, "", " ", {}, {"token": "rahasia-123"}, {"access_token": ""}, "rahasia-123" * 1000]
)
def test_a_live_channel_needs_a_usable_credential_and_a_refusal_never_quotes_it(
    given: str | dict[str, str] | None,
) -> None:
    with pytest.raises(BadInput) as refusal:
        rules.read_credential(given, environment=Environment.LIVE, platform="x", handle="a")
    assert "rahasia" not in repr(refusal.value) + repr(refusal.value.problems)


def test_practice_makes_its_own_and_manual_has_none() -> None:
    practice = rules.read_credential(None, environment=Environment.PRACTICE, platform="x", handle="a.b")
    assert practice == {"access_token": "sim_x_a.b"}
    assert rules.read_credential(None, environment=Environment.MANUAL, platform="x", handle="a") is None
    with pytest.raises(BadInput):
        rules.read_credential("x", environment=Environment.MANUAL, platform="x", handle="a")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.test",
        "https://",
        "file:///etc/passwd",
        "https://a@b.test",
        "https://b.test?x=1",
        "https://127.0.0.1",
        "https://redis",
    ],
)
def test_a_server_address_is_plain_https(url: str) -> None:
    with pytest.raises(BadInput):
        rules.read_base_url(url, allowed=True)


def test_a_server_address_is_for_platforms_of_many_servers() -> None:
    assert rules.read_base_url("https://mastodon.test/", allowed=True) == "https://mastodon.test"
    assert rules.read_base_url("", allowed=False) == ""
    with pytest.raises(BadInput):
        rules.read_base_url("https://mastodon.test", allowed=False)


@pytest.mark.parametrize(
    ("before", "wanted", "credential", "after"),
    [
        ("needs_reconnect", None, True, "connected"),
        ("paused", None, True, "paused"),
        ("paused", State.CONNECTED, False, "connected"),
        ("connected", State.PAUSED, True, "paused"),
        ("needs_reconnect", None, False, "needs_reconnect"),
    ],
)
def test_a_new_credential_mends_but_never_wakes(
    before: str, wanted: State | None, credential: bool, after: str
) -> None:
    assert rules.after_edit(before, wanted=wanted, has_new_credential=credential) == after


@pytest.mark.parametrize(
    ("before", "works", "after"),
    [
        ("connected", True, "connected"),
        ("connected", False, "needs_reconnect"),
        ("needs_reconnect", True, "connected"),
        ("paused", True, "paused"),
        ("paused", False, "needs_reconnect"),
    ],
)
def test_a_pause_outlives_a_good_answer(before: str, works: bool, after: str) -> None:
    assert rules.after_check(before, works=works) == after


def test_nobody_asks_for_a_state_that_only_events_bring() -> None:
    for state in ("closed", "needs_reconnect", "open"):
        with pytest.raises(BadInput):
            rules.read_state(state)
    with pytest.raises(Conflict):
        rules.must_be_open("closed")
