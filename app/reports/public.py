"""The page of a unit that anybody may read: dates, agenda, which accounts are genuine, what is out. Off until the KPU turns it on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.kit import ical
from app.kit.db import Database
from app.kit.errors import Forbidden, NotFound
from app.posts.programmes import PROGRAMMES
from app.reports import public_store as store
from app.tahapan.rules import Stage
from app.tahapan.service import TahapanService

_TOLD = {"penyelenggaraan", "subtahapan", "masa_tenang", "peristiwa"}


@dataclass(frozen=True)
class PublicView:
    """`is_practice`: the accounts and posts shown are a training's, and the page says so."""

    unit_id: int
    name: str
    wilayah_code: str
    zone: str
    election: str
    today: date
    voting_day: date | None
    is_practice: bool
    stages: Sequence[Stage]
    agenda: Sequence[dict[str, Any]]
    accounts: Sequence[dict[str, Any]]
    posts: Sequence[dict[str, Any]]


@dataclass
class PublicPageService:
    db: Database
    now: Callable[[], datetime]
    tahapan: TahapanService

    async def show(self, wilayah_code: str) -> PublicView:
        """Raises NotFound for a page that is off, the same as for a region that is none."""
        async with self.db.read() as session:
            unit = await store.open_unit(session, wilayah_code)
            if unit is None:
                raise NotFound("Halaman ini tidak ada, atau belum dibuka oleh KPU.")
            calendar = (await self.tahapan.calendar(session, unit.election_id)).local(unit.wilayah_code)
            today = self.now().astimezone(ZoneInfo(unit.timezone)).date()
            accounts = await store.accounts(session, unit.id or 0)
            live = [row for row in accounts if row["environment"] != "practice"]
            environment = "live" if live else "practice"
            ours = [one for one in calendar.stages.values() if calendar.is_ours(one) and one.kind in _TOLD]
            ahead = [one for one in ours if one.starts_on and one.ends_on and one.ends_on >= today]
            agenda = await store.agenda(session, unit.path, today)
            return PublicView(
                unit_id=unit.id or 0, name=unit.name, wilayah_code=unit.wilayah_code, zone=unit.timezone,
                election=calendar.election.name, today=today, voting_day=calendar.voting_day(),
                is_practice=bool(accounts) and not live,
                stages=sorted(ahead, key=lambda one: (one.starts_on or today, one.code)),
                agenda=[{**row, "programme": PROGRAMMES.get(row["programme"], row["programme"])} for row in agenda],
                accounts=live or accounts, posts=await store.posts(session, unit.id or 0, environment),
            )  # fmt: skip

    async def switch(self, actor: Actor, unit_id: int, *, on: bool, with_below: bool) -> list[dict[str, Any]]:
        """Only the KPU; answers the unit and those beneath it as they are now. Raises NotFound, Forbidden."""
        async with self.db.write() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
            if unit is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah Anda.")
            if not actor.may(Act.CALENDAR, unit.path):
                raise Forbidden("Halaman warga dibuka dan ditutup oleh KPU.")
            rows = await store.under(session, unit.path)
            chosen = [row["id"] for row in rows] if with_below else [unit_id]
            await store.switch(session, chosen, on=on, by=actor.user_id, now=self.now())
            await record(
                session, at=self.now(), actor=actor.label, action="public_page.on" if on else "public_page.off",
                subject=f"unit:{unit_id}", detail={"units": len(chosen)},
            )  # fmt: skip
            return await store.under(session, unit.path)

    async def states(self, actor: Actor) -> list[dict[str, Any]]:
        """Every unit in sight, with whether its page is on."""
        async with self.db.read() as session:
            return [row for path in actor.paths(Act.READ) for row in await store.under(session, path)]


def write_calendar(view: PublicView, now: datetime) -> bytes:
    """Every stage ahead as days."""
    feed = ical.calendar(view.name)
    for stage in view.stages:
        if stage.starts_on is None or stage.ends_on is None:
            continue
        uid = f"{stage.code}-{view.wilayah_code}@kentongan"
        feed.add_component(ical.whole_days(uid, stage.name, stage.starts_on, stage.ends_on, now))
    return bytes(feed.to_ical())
