from collections.abc import Sequence
from datetime import date, datetime

import pytest
from sqlmodel import select

from app.accounts.loading import LoadReport, load_city
from app.audit.models import AuditEvent
from app.kit.db import Database
from app.kit.errors import BadInput, Conflict, NotFound
from app.tahapan.models import Tahapan
from app.tahapan.service import TahapanService, Wanted


@pytest.fixture
async def loaded(db: Database, now: datetime) -> LoadReport:
    return await load_city(db, now=now)


@pytest.fixture
def tahapan(db: Database, now: datetime) -> TahapanService:
    return TahapanService(db, lambda: now)


def _election(loaded: LoadReport) -> int:
    assert loaded.election_id is not None
    return loaded.election_id


async def _by_code(tahapan: TahapanService, code: str) -> Tahapan:
    page = await tahapan.list(Wanted(q=code), limit=1, cursor=None)
    return page.rows[0]


async def test_voting_day_is_the_wednesday_of_the_data(
    tahapan: TahapanService, loaded: LoadReport, db: Database
) -> None:
    async with db.read() as session:
        calendar = await tahapan.calendar(session, _election(loaded))
    voting_day = calendar.voting_day()
    assert voting_day == date(2024, 11, 27)
    assert voting_day.strftime("%A") == "Wednesday"
    assert calendar.is_quiet(date(2024, 11, 25))
    assert calendar.election.variables == {"tautan_cek_dpt": "cekdptonline.kpu.go.id"}
    assert (calendar.election.opens.hour, calendar.election.closes.hour) == (7, 13)


async def test_a_quiet_time_elsewhere_is_not_ours(tahapan: TahapanService, loaded: LoadReport, db: Database) -> None:
    """ULG-07 is the quiet time of Pangkalpinang's repeated election."""
    async with db.read() as session:
        calendar = await tahapan.calendar(session, _election(loaded))
    assert calendar.find("ULG-07") is not None
    assert calendar.stage_of(["*"], date(2025, 8, 25)) is None


async def test_pages_go_by_date_and_end_with_the_undated(tahapan: TahapanService, loaded: LoadReport) -> None:
    seen: list[Tahapan] = []
    cursor: str | None = None
    while True:
        page = await tahapan.list(limit=10, cursor=cursor)
        seen += page.rows
        cursor = page.next
        if cursor is None:
            break
    assert len({row.code for row in seen}) == len(seen) == 87
    days = [row.starts_on or row.ends_on or date.max for row in seen]
    assert days == sorted(days)
    assert days[-1] == date.max


async def test_a_list_is_narrowed_by_day_kind_and_name(tahapan: TahapanService, loaded: LoadReport) -> None:
    async def codes(wanted: Wanted) -> set[str]:
        return {row.code for row in (await tahapan.list(wanted, limit=200, cursor=None)).rows}

    assert await codes(Wanted(kind="masa_tenang")) == {"TNG-01", "ULG-07"}
    assert "TNG-01" in await codes(Wanted(on=date(2024, 11, 24)))
    assert "PYL-06" not in await codes(Wanted(on=date(2024, 11, 24)))
    assert await codes(Wanted(q="masa TENANG")) == {"TNG-01", "ULG-07"}
    assert await codes(Wanted(election="pilkada-2024", elections={_election(loaded)}, q="TNG")) == {"TNG-01"}
    assert await codes(Wanted(elections=set())) == set()


async def test_an_edit_is_kept_versioned_and_recorded(
    tahapan: TahapanService, loaded: LoadReport, db: Database, now: datetime
) -> None:
    row = await _by_code(tahapan, "PRG-01")
    assert row.id is not None
    day = date(2024, 11, 10)
    edited = await tahapan.edit(row.id, {"starts_on": day, "ends_on": day}, by="Dewi")
    assert (edited.starts_on, edited.version, edited.edited_at) == (day, 2, now)
    async with db.read() as session:
        events = (await session.exec(select(AuditEvent).where(AuditEvent.action == "tahapan.edit"))).all()
    assert [(event.actor, event.detail["starts_on"]) for event in events] == [("Dewi", "2024-11-10")]
    report = await load_city(db, now=now)
    assert (report.added, report.changed, report.kept) == (0, 0, 1)
    assert (await _by_code(tahapan, "PRG-01")).starts_on == day


async def test_an_edit_that_changes_nothing_leaves_the_version(tahapan: TahapanService, loaded: LoadReport) -> None:
    row = await _by_code(tahapan, "TNG-01")
    assert row.id is not None
    again = await tahapan.edit(row.id, {"name": row.name}, by="Dewi")
    assert (again.version, again.edited_at) == (1, None)


async def test_a_day_can_be_forgotten(tahapan: TahapanService, loaded: LoadReport) -> None:
    row = await _by_code(tahapan, "KMP-03")
    assert row.id is not None
    edited = await tahapan.edit(row.id, {"starts_on": None, "ends_on": None}, by="Dewi")
    assert (edited.starts_on, edited.ends_on) == (None, None)


async def test_an_end_before_the_start_is_refused(tahapan: TahapanService, loaded: LoadReport) -> None:
    row = await _by_code(tahapan, "TNG-01")
    assert row.id is not None
    with pytest.raises(BadInput, match="mendahului"):
        await tahapan.edit(row.id, {"ends_on": date(2024, 11, 23)}, by="Dewi")
    assert (await _by_code(tahapan, "TNG-01")).ends_on == date(2024, 11, 26)


async def test_another_elections_stage_is_not_there(tahapan: TahapanService, loaded: LoadReport) -> None:
    row = await _by_code(tahapan, "TNG-01")
    assert row.id is not None
    with pytest.raises(NotFound):
        await tahapan.edit(row.id, {"name": "x"}, by="Citra", within=set())


async def test_a_new_stage_holds_here_whatever_its_scope(
    tahapan: TahapanService, loaded: LoadReport, db: Database
) -> None:
    day = date(2025, 8, 25)
    await tahapan.add(
        "RW-01",
        {"name": "Warga bertanya", "kind": "peristiwa", "starts_on": day, "ends_on": day, "scope": "bogor_barat"},
        by="Dewi",
        within={_election(loaded)},
    )
    async with db.read() as session:
        stage = (await tahapan.calendar(session, _election(loaded))).stage_of(["*"], day)
    assert stage is not None
    assert stage.code == "RW-01"
    assert (await load_city(db, now=tahapan.now())).is_unchanged


@pytest.mark.parametrize(
    ("code", "parent", "error"),
    [("TNG-01", None, Conflict), ("BARU", "TIDAK-ADA", BadInput), ("BARU", "BARU", BadInput)],
)
async def test_a_new_stage_needs_a_free_code_and_a_known_parent(
    tahapan: TahapanService, loaded: LoadReport, code: str, parent: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await tahapan.add(
            code, {"name": "Baru", "kind": "peristiwa", "parent": parent}, by="Dewi", within={_election(loaded)}
        )


async def test_a_stage_needs_an_election_one_may_change(tahapan: TahapanService, loaded: LoadReport) -> None:
    for within, election in (((), None), ((_election(loaded),), "pilkada-2029")):
        with pytest.raises(NotFound):
            await _add(tahapan, within, election)


async def _add(tahapan: TahapanService, within: Sequence[int], election: str | None) -> None:
    await tahapan.add("BARU", {"name": "Baru", "kind": "peristiwa"}, by="Dewi", within=within, election=election)
