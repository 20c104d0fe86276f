"""When a post is due, how long it may go, and who looks at it first: tables."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.accounts.rules import Act, Actor, Grant, Role, UnitKind
from app.kit.errors import BadInput
from app.posts import rules
from app.posts.rules import Anchor, Reviewer, Route, Timing
from app.tahapan.rules import Calendar, ElectionFacts, Stage

NOW = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
DUE = datetime(2024, 11, 20, 2, 0, tzinfo=UTC)
STAGES = (
    Stage("PYL-06", "Kampanye", "penyelenggaraan", date(2024, 9, 25), date(2024, 11, 23)),
    Stage("KMP-02", "Rapat umum", "subtahapan", date(2024, 10, 1), date(2024, 11, 23)),
    Stage("PRS-01", "Perencanaan", "persiapan", date(2024, 1, 1), date(2024, 12, 31)),
    Stage("TNG-01", "Masa tenang", "masa_tenang", date(2024, 11, 24), date(2024, 11, 26)),
    Stage("PYL-07", "Pemungutan suara", "penyelenggaraan", date(2024, 11, 27), date(2024, 11, 27)),
    Stage("RKP-01", "Rekapitulasi kecamatan", "subtahapan", date(2024, 11, 28), date(2024, 12, 3), scope="kota"),
    Stage("RKP-09", "Rekapitulasi lain", "subtahapan", date(2024, 12, 10), date(2024, 12, 12), scope="papua"),
    Stage("PSU-01", "Pemungutan ulang", "psu", None, None),
)
ELECTION = ElectionFacts(1, "pilkada-2024", "Pilkada", "PYL-07", "TNG-01", "", time(7), time(13))
CALENDAR = Calendar(ELECTION, {stage.code: stage for stage in STAGES}, frozenset({"nasional", "kota"}))

KPU, PPK, PPS = "/1/", "/1/2/", "/1/2/3/"


def someone(role: Role, kind: UnitKind, path: str, user_id: int = 1, scopes: frozenset[Act] | None = None) -> Actor:
    return Actor(user_id, "Seseorang", (Grant(int(path.rstrip("/").rsplit("/", 1)[1]), kind, path, role),), scopes)


SARI = someone(Role.EDITOR, UnitKind.PPS, PPS, 1)
BUDI = someone(Role.REVIEWER, UnitKind.PPK, PPK, 2)
CITRA = someone(Role.REVIEWER, UnitKind.PPK, "/1/9/", 3)
DEWI = someone(Role.REVIEWER, UnitKind.KPU, KPU, 4)
VINO = someone(Role.VIEWER, UnitKind.KPU, KPU, 5)


@pytest.mark.parametrize(
    ("edge", "days", "at", "zone", "expected"),
    [
        ("start", 0, "07:00", "Asia/Jakarta", "2024-11-24T00:00"),
        ("start", 0, "07:00", "Asia/Makassar", "2024-11-23T23:00"),
        ("start", 0, "07:00", "Asia/Jayapura", "2024-11-23T22:00"),
        ("end", 0, "23:59", "Asia/Jakarta", "2024-11-26T16:59"),
        ("end", 1, "00:00", "Asia/Jayapura", "2024-11-26T15:00"),
        ("start", -7, "09:30", "Asia/Makassar", "2024-11-17T01:30"),
    ],
)
def test_an_anchor_is_a_local_time_of_the_unit(edge: str, days: int, at: str, zone: str, expected: str) -> None:
    timing = Timing(anchor=Anchor("TNG-01", edge, days, time.fromisoformat(at)))  # type: ignore[arg-type]
    due = rules.due_at(timing, CALENDAR, zone)
    assert due.isoformat(timespec="minutes") == expected + "+00:00"


def test_a_moment_is_the_same_moment_in_every_zone() -> None:
    at = datetime.fromisoformat("2024-11-20T09:00:00+07:00")
    for zone in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"):
        assert rules.due_at(Timing(at=at), CALENDAR, zone) == DUE


@pytest.mark.parametrize(("code", "says"), [("PSU-01", "belum ditetapkan"), ("ZZZ-99", "tidak ada di kalender")])
def test_a_stage_without_a_date_or_without_existence_is_said_in_words(code: str, says: str) -> None:
    timing = Timing(anchor=Anchor(code, "start", 0, time(9)))
    with pytest.raises(BadInput, match=says):
        rules.due_at(timing, CALENDAR, "Asia/Jakarta")


@pytest.mark.parametrize("timing", [Timing(at=DUE), Timing(anchor=Anchor("TNG-01", "end", -3, time(9, 5)))])
def test_a_timing_survives_the_database(timing: Timing) -> None:
    assert Timing.from_json(timing.as_json()) == timing


def test_no_timing_is_no_timing() -> None:
    assert Timing.from_json({}) is None


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        (NOW - timedelta(seconds=61), "sudah lewat"),
        (NOW - timedelta(seconds=60), None),
        (NOW, None),
        (NOW + timedelta(days=730), None),
        (NOW + timedelta(days=731), "terlalu jauh"),
    ],
)
def test_a_due_time_lies_ahead_but_not_absurdly(moment: datetime, says: str | None) -> None:
    if says is None:
        rules.check_due(moment, now=NOW)
        return
    with pytest.raises(BadInput, match=says):
        rules.check_due(moment, now=NOW)


HOURS_12, DAY = timedelta(hours=12), timedelta(days=1)


@pytest.mark.parametrize(
    ("stage_end", "given", "expected"),
    [
        (None, None, DUE + DAY),
        (DUE + HOURS_12, None, DUE + HOURS_12),
        (DUE + 3 * DAY, None, DUE + DAY),
        (DUE - HOURS_12, None, DUE + DAY),
        (DUE + HOURS_12, DUE + 2 * DAY, DUE + 2 * DAY),
    ],
    ids=["grace", "stage ends first", "grace ends first", "stage already over", "as given"],
)
def test_a_post_is_good_until_its_stage_or_its_grace_ends(
    stage_end: datetime | None, given: datetime | None, expected: datetime
) -> None:
    assert rules.valid_until(DUE, stage_end=stage_end, grace=DAY, given=given) == expected


def test_a_limit_before_the_due_time_is_refused() -> None:
    with pytest.raises(BadInput, match="sesudah waktu terbit"):
        rules.valid_until(DUE, stage_end=None, grace=DAY, given=DUE)


@pytest.mark.parametrize(
    ("moment", "zone", "why"),
    [
        ("2024-11-23T16:59:59+00:00", "Asia/Jakarta", None),
        ("2024-11-23T17:00:00+00:00", "Asia/Jakarta", "masa tenang"),
        ("2024-11-23T16:00:00+00:00", "Asia/Makassar", "masa tenang"),
        ("2024-11-23T15:00:00+00:00", "Asia/Jayapura", "masa tenang"),
        ("2024-11-26T16:59:59+00:00", "Asia/Jakarta", "masa tenang"),
        ("2024-11-26T17:00:00+00:00", "Asia/Jakarta", "pemungutan suara"),
        ("2024-11-28T03:00:00+00:00", "Asia/Jakarta", "rekapitulasi"),
        ("2024-12-11T03:00:00+00:00", "Asia/Jakarta", None),
    ],
)
def test_quiet_days_begin_at_the_units_own_midnight(moment: str, zone: str, why: str | None) -> None:
    found = rules.is_sensitive(CALENDAR, datetime.fromisoformat(moment), zone)
    assert (why in found) if why and found else (why is None and found is None)


FREE = Route(Reviewer.ABOVE, ("Teks ditulis sendiri",))
QUIET = "Terbit pada masa tenang"


@pytest.mark.parametrize(
    ("actor", "untouched", "levels", "sensitive", "expected"),
    [
        (SARI, True, {"remind"}, None, Reviewer.NOBODY),
        (SARI, False, (), None, Reviewer.ABOVE),
        (SARI, True, {"review"}, None, Reviewer.KPU),
        (SARI, True, (), QUIET, Reviewer.KPU),
        (BUDI, False, (), None, Reviewer.ABOVE),
        (BUDI, True, (), QUIET, Reviewer.KPU),
        (DEWI, True, (), QUIET, Reviewer.NOBODY),
        (DEWI, False, (), QUIET, Reviewer.KPU),
        (DEWI, True, {"review"}, None, Reviewer.KPU),
        (DEWI, False, (), None, Reviewer.ABOVE),
    ],
)
def test_who_must_look(actor: Actor, untouched: bool, levels: set[str], sensitive: str | None, expected: str) -> None:
    route = rules.route(actor, PPS, is_untouched=untouched, levels=levels, sensitive=sensitive)
    assert route.reviewer == expected
    assert bool(route.why) is (expected != Reviewer.NOBODY)


@pytest.mark.parametrize(
    ("actor", "needs", "created_by", "says"),
    [
        (BUDI, Reviewer.ABOVE, 1, None),
        (BUDI, Reviewer.KPU, 1, "perlu ditinjau oleh KPU"),
        (BUDI, Reviewer.ABOVE, 2, "Anda yang menulis"),
        (SARI, Reviewer.ABOVE, 9, "belum boleh meninjau"),
        (CITRA, Reviewer.ABOVE, 1, "belum boleh meninjau"),
        (VINO, Reviewer.KPU, 1, "belum boleh meninjau"),
        (DEWI, Reviewer.KPU, 1, None),
        (DEWI, Reviewer.KPU, 4, "Anda yang menulis"),
        (DEWI, Reviewer.ABOVE, None, None),
        (replace(DEWI, scopes=frozenset({Act.READ, Act.WRITE})), Reviewer.KPU, 1, "belum boleh meninjau"),
    ],
)
def test_who_may_approve(actor: Actor, needs: Reviewer, created_by: int | None, says: str | None) -> None:
    why_not = rules.may_approve(actor, PPS, needs=needs, created_by=created_by)
    assert (why_not is None) if says is None else (why_not is not None and says in why_not)


def test_the_last_editor_is_an_author_too() -> None:
    assert rules.may_approve(BUDI, PPS, needs=Reviewer.ABOVE, created_by=1, edited_by=2)
    assert rules.may_approve(BUDI, PPS, needs=Reviewer.ABOVE, created_by=1, edited_by=1) is None


def test_who_only_reads_at_the_kpu_does_not_approve_for_it() -> None:
    """But reviews at a PPK, and so may approve what that PPK may."""
    both = replace(BUDI, grants=(*BUDI.grants, Grant(1, UnitKind.KPU, "/1/", Role.VIEWER)))
    assert rules.may_approve(both, PPS, needs=Reviewer.ABOVE, created_by=99) is None
    assert "KPU" in (rules.may_approve(both, PPS, needs=Reviewer.KPU, created_by=99) or "")


def test_a_stagger_spreads_evenly_from_the_first_to_the_last() -> None:
    spread = [rules.stagger(index, 4, 30) for index in range(4)]
    assert spread == [timedelta(minutes=10 * index) for index in range(4)]
    assert [rules.stagger(index, 4, 0) for index in range(4)] == [timedelta()] * 4
    assert rules.stagger(0, 1, 30) == timedelta()


AT = Timing(at=DUE)
ANCHOR = Timing(anchor=Anchor("TNG-01", "start", -4, time(9)))


@pytest.mark.parametrize(
    ("given", "timing", "stages", "due", "expected"),
    [
        ("PYL-07", ANCHOR, ("*",), DUE, "PYL-07"),
        (None, ANCHOR, ("PYL-06",), DUE, "TNG-01"),
        (None, AT, ("PYL-06", "KMP-02"), DUE, "PYL-06"),
        (None, AT, ("KMP-02", "PRS-01"), DUE, "KMP-02"),
        (None, AT, ("PYL-07",), DUE, None),
        (None, AT, (), DUE, None),
        (None, AT, ("PSU-01", "ZZZ-99"), DUE, None),
        # 17.30 UTC is already the next day in Bogor: masa tenang has begun.
        (None, AT, ("PYL-06", "TNG-01"), datetime(2024, 11, 23, 17, 30, tzinfo=UTC), "TNG-01"),
    ],
    ids=[
        "given",
        "anchor",
        "penyelenggaraan first",
        "then subtahapan",
        "not now",
        "none named",
        "no dates",
        "midnight",
    ],
)
def test_the_stage_a_text_speaks_of(
    given: str | None, timing: Timing, stages: tuple[str, ...], due: datetime, expected: str | None
) -> None:
    found = rules.stage_for(
        given=given, timing=timing, template_stages=stages, calendar=CALENDAR, due=due, zone="Asia/Jakarta"
    )
    assert (found.code if found else None) == expected


def test_an_unknown_stage_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="ZZZ-99"):
        rules.stage_for(
            given="ZZZ-99", timing=None, template_stages=(), calendar=CALENDAR, due=DUE, zone="Asia/Jakarta"
        )
