import pytest

from app.accounts.people import must_hold, narrow, read_days, read_email, read_name, read_role, read_scopes, tidy
from app.accounts.rules import Act, Actor, Grant, Role, UnitKind
from app.kit.errors import BadInput, Forbidden

KPU = Grant(1, UnitKind.KPU, "/1/", Role.ADMIN)
PPK = Grant(4, UnitKind.PPK, "/1/4/", Role.ADMIN)
PPS = Grant(17, UnitKind.PPS, "/1/4/17/", Role.EDITOR)
FOURTEEN = Grant(14, UnitKind.PPK, "/1/14/", Role.EDITOR)


@pytest.mark.parametrize("text", [" Sari@KPU.test ", "sari@kpu.test", "SARI@KPU.TEST"])
def test_one_mailbox_has_one_spelling(text: str) -> None:
    assert read_email(text) == "sari@kpu.test"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sari",
        "sari@",
        "@kpu.test",
        "a b@kpu.test",
        "a@b@kpu.test",
        "sari@kpu",
        "a\x00@kpu.test",
        "x" * 250 + "@kpu.test",
    ],
)
def test_nonsense_is_no_address(text: str) -> None:
    with pytest.raises(BadInput):
        read_email(text)


def test_names_are_one_printable_line() -> None:
    assert read_name("  Sari \n Dewi ") == "Sari Dewi"
    for text in ("", "   ", "x" * 121, "a\x00b"):
        with pytest.raises(BadInput):
            read_name(text)
    assert tidy("Chrome\x00\x1b[31m  Android", 12) == "Chrome[31m A"


def test_a_wrong_role_is_told_the_right_ones() -> None:
    with pytest.raises(BadInput, match="viewer, editor, reviewer, admin"):
        read_role("boss")


@pytest.mark.parametrize("days", [0, -1, 731])
def test_a_token_lives_one_day_to_two_years(days: int) -> None:
    with pytest.raises(BadInput):
        read_days(days)


def test_a_token_never_makes_a_wider_token() -> None:
    held = frozenset({Act.READ, Act.MANAGE})
    assert read_scopes(None, held=held) == ["manage", "read"]
    assert read_scopes([Act.READ], held=held) == ["read"]
    with pytest.raises(Forbidden):
        read_scopes([Act.WRITE], held=held)
    with pytest.raises(Forbidden):
        read_scopes(None, held=frozenset())


def test_a_token_without_scopes_is_refused_not_unlimited() -> None:
    with pytest.raises(BadInput):
        read_scopes([])
    assert read_scopes(None) == sorted(Act)


def test_grants_narrow_to_the_unit_of_a_token() -> None:
    assert narrow([KPU], PPK) == (Grant(4, UnitKind.PPK, "/1/4/", Role.ADMIN),)
    assert narrow([PPS], PPK) == (PPS,)
    assert narrow([FOURTEEN], PPK) == ()


def test_a_calendar_is_out_of_reach_for_a_token_of_a_ppk() -> None:
    narrowed = Actor(1, "Rina", narrow([KPU], PPK))
    assert not narrowed.paths(Act.CALENDAR)
    assert narrowed.may(Act.MANAGE, "/1/4/17/")
    assert not narrowed.may(Act.READ, "/1/")


def test_nobody_gives_away_more_than_they_hold() -> None:
    admin = Actor(1, "Rina", (PPK,))
    must_hold(admin, PPK)
    only_manages = Actor(1, "Rina", (PPK,), frozenset({Act.MANAGE}))
    with pytest.raises(Forbidden):
        must_hold(only_manages, PPS)
