from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.accounts.rules import Role, UnitKind
from app.audit.events import EventKind
from app.kit.errors import BadInput
from app.notices import rules, texts
from app.notices.rules import Happening, Member

NOW = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
SARI, BUDI, DEWI, RINA, VINO = 1, 2, 3, 4, 5
MEMBERS = [
    Member(SARI, "/1/2/3/", UnitKind.PPS, Role.EDITOR),
    Member(BUDI, "/1/2/", UnitKind.PPK, Role.REVIEWER),
    Member(DEWI, "/1/", UnitKind.KPU, Role.REVIEWER),
    Member(RINA, "/1/", UnitKind.KPU, Role.ADMIN),
    Member(VINO, "/1/", UnitKind.KPU, Role.VIEWER),
]


def event(kind: EventKind, subject: str = "delivery:12", **detail: Any) -> Happening:
    return Happening(1, kind, subject, 3, "PPS Cilendek Barat", "/1/2/3/", "Asia/Jakarta", detail)


@pytest.mark.parametrize(
    ("kind", "detail", "told"),
    [
        (EventKind.DELIVERY_STOPPED, {}, {SARI, BUDI}),
        (EventKind.DELIVERY_MISSED, {}, {SARI, BUDI}),
        (EventKind.DELIVERY_UNSURE, {}, {SARI, BUDI}),
        (EventKind.TASK_DUE, {}, {SARI}),
        (EventKind.CHANNEL_BROKEN, {}, {SARI, BUDI, RINA}),
        (EventKind.CHANNEL_BROKEN, {"by": RINA}, {SARI, BUDI}),
        (EventKind.POST_IN_REVIEW, {"authors": [SARI], "needs": "above"}, {BUDI}),
        (EventKind.POST_IN_REVIEW, {"authors": [SARI, BUDI], "needs": "above"}, {DEWI, RINA}),
        (EventKind.POST_IN_REVIEW, {"authors": [SARI], "needs": "kpu"}, {DEWI, RINA}),
        (EventKind.POST_IN_REVIEW, {"authors": [DEWI], "needs": "kpu"}, {RINA}),
        (EventKind.POST_APPROVED, {"authors": [SARI], "by": BUDI}, {SARI}),
        (EventKind.POST_REJECTED, {"authors": [SARI, BUDI], "by": BUDI}, {SARI}),
        (EventKind.POST_REJECTED, {"authors": [99], "by": BUDI}, set()),
    ],
)
def test_each_event_reaches_those_who_can_do_something(kind: EventKind, detail: dict[str, Any], told: set[int]) -> None:
    assert rules.audience(event(kind, **detail), MEMBERS) == told


DEPUTY, PLAIN = 6, {"authors": [SARI], "needs": "above"}
WITH_DEPUTY = [*MEMBERS, Member(DEPUTY, "/1/2/", UnitKind.PPK, Role.REVIEWER, is_deputy=True)]


@pytest.mark.parametrize(
    ("kind", "detail", "told"),
    [
        (EventKind.POST_IN_REVIEW, PLAIN, {BUDI}),
        (EventKind.POST_REMINDED, PLAIN, {BUDI}),
        # Without the others there, the deputy is the one to ask.
        (EventKind.POST_IN_REVIEW, {"authors": [SARI, BUDI], "needs": "above"}, {DEPUTY}),
        (EventKind.POST_ESCALATED, PLAIN, {BUDI, DEPUTY, DEWI, RINA}),
        (EventKind.POST_ESCALATED, {"authors": [SARI], "needs": "kpu"}, {DEWI, RINA}),
        (EventKind.POST_IN_REVIEW, {**PLAIN, "urgent": True}, {BUDI, DEPUTY, DEWI, RINA}),
        (EventKind.POST_LAPSED, PLAIN, {SARI, BUDI}),
        (EventKind.POST_REMARKED, {**PLAIN, "by": BUDI, "to": [SARI]}, {SARI}),
        (EventKind.POST_REMARKED, {**PLAIN, "by": SARI, "to": []}, {BUDI}),
        (EventKind.POST_HELD, {**PLAIN, "by": BUDI}, {SARI}),
    ],
)
def test_who_hears_of_what_waits(kind: EventKind, detail: dict[str, Any], told: set[int]) -> None:
    assert rules.audience(event(kind, **detail), WITH_DEPUTY) == told


def test_without_a_reviewer_nearby_the_next_level_hears_of_it() -> None:
    without_budi = [member for member in MEMBERS if member.user_id != BUDI]
    assert rules.audience(event(EventKind.DELIVERY_STOPPED), without_budi) == {SARI, DEWI, RINA}


def test_what_is_one_failure_has_one_key() -> None:
    missed = {"post_id": 7, "valid_until": NOW.isoformat()}
    a, b = (event(EventKind.DELIVERY_MISSED, f"delivery:{n}", **missed) for n in (1, 2))
    assert rules.incident(a) == rules.incident(b)
    first, again = (event(EventKind.DELIVERY_STOPPED, attempt=n) for n in (1, 2))
    assert rules.incident(first) == rules.incident(replace(first, id=2))
    assert rules.incident(first) != rules.incident(again)
    broken = event(EventKind.CHANNEL_BROKEN, "channel:5")
    assert rules.incident(broken) != rules.incident(replace(broken, id=2))


def test_waits_grow_to_an_hour() -> None:
    waits = [rules.back_off(n).total_seconds() for n in (1, 2, 3, 8, 50)]
    assert waits == [30, 60, 120, 3600, 3600]


@pytest.mark.parametrize("chat", ["", "abc", "12 34", "@x", "٣٤٥", "1" * 30, "https://t.me/x"])
def test_what_cannot_be_a_chat_is_refused(chat: str) -> None:
    with pytest.raises(BadInput):
        rules.read_chat(chat, is_on=True)
    assert rules.read_chat("", is_on=False) == ""


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_text_is_whole_even_where_nothing_is_known(kind: EventKind) -> None:
    text = texts.write([event(kind)])
    assert text.link.startswith("/")
    assert text.title
    assert "None" not in text.title + text.body
    assert len(text.title) <= texts.MAX_TITLE


@pytest.mark.parametrize(
    ("kind", "subject", "detail", "says", "link"),
    [
        (EventKind.DELIVERY_STOPPED, "delivery:12", {"platform": "x", "reason": "Teks sama"}, "perbaiki, lalu kirim ulang", "/antrean/12"),
        (EventKind.DELIVERY_UNSURE, "delivery:12", {"platform": "facebook"}, "tandai sudah atau belum terbit", "/antrean/12"),
        (EventKind.DELIVERY_MISSED, "delivery:12", {"platform": "x", "valid_until": NOW.isoformat()}, "Jumat, 1 November 2024 pukul 10.00 WIB", "/antrean/12"),
        (EventKind.TASK_DUE, "delivery:12", {"platform": "tiktok", "reason": "Buka aplikasi TikTok"}, "Buka aplikasi TikTok.", "/tugas"),
        (EventKind.CHANNEL_BROKEN, "channel:5", {"platform": "instagram", "handle": "pps"}, "Sambungkan ulang", "/antrean?tab=menunggu&unit=3"),
        (EventKind.POST_IN_REVIEW, "post:7", {"why": ["Teks ditulis sendiri"]}, "setujui atau tolak", "/unggahan/7"),
        (EventKind.POST_IN_REVIEW, "broadcast:9", {"count": 68}, "setujui atau tolak", "/siaran/9"),
        (EventKind.POST_APPROVED, "post:7", {"by_name": "Budi"}, "Disetujui oleh Budi", "/unggahan/7"),
        (EventKind.POST_REJECTED, "post:7", {"by_name": "Budi", "reason": "Salah jam"}, "Alasan dari Budi: Salah jam. Perbaiki, lalu ajukan lagi", "/unggahan/7"),
    ],
)  # fmt: skip
def test_each_text_says_what_to_do_and_where(
    kind: EventKind, subject: str, detail: dict[str, Any], says: str, link: str
) -> None:
    text = texts.write([event(kind, subject, **detail)])
    assert says in text.body
    assert text.link == link


def test_a_reason_with_line_breaks_stays_inside_its_line() -> None:
    text = texts.write([event(EventKind.CHANNEL_BROKEN, handle="a\r\nBcc: b@x.test", reason="x\ny")])
    assert "\n" not in text.title + text.body
    assert "\r" not in text.title + text.body


def test_a_training_is_marked_as_such() -> None:
    assert texts.write([event(EventKind.DELIVERY_STOPPED, environment="practice")]).title.startswith("[Latihan] ")
