"""Mandatory broadcasts and the ranking, made of the same ground as the recap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.accounts import unit_store
from app.accounts.rules import Actor
from app.engagement import outside_store
from app.kit.errors import NotFound
from app.platforms.registry import TITLES
from app.publishing.rules import State
from app.reports import duty, store, wording
from app.reports.duty import WORDS, BroadcastDuty, Compliance, Piece, Ranked, Standing, UnitDuty
from app.reports.rules import Recap
from app.reports.service import RecapService, RecapWanted
from app.reports.writers.pdf import certificate


@dataclass
class ComplianceService:
    recaps: RecapService

    async def make(self, actor: Actor, wanted: RecapWanted, *, kind: str = "pps", by: str | None = None) -> Compliance:
        """`kind`: which units are ranked. `by` None: per voter where most units have told their voters, else per reach.

        Raises as RecapService.make does.
        """
        recap = await self.recaps.make(actor, wanted)
        async with self.recaps.db.read() as session:
            ground = await self.recaps.ground(session, actor, wanted)
            rows = await store.mandatory_pieces(session, ground.paths, ground.wanted)
            seen = await outside_store.saying(session, ground.paths, sorted({row["broadcast_id"] for row in rows}))
            heads = await store.broadcast_heads(session, sorted({row["broadcast_id"] for row in rows}))
            ranked = [row for row in recap.rows if row.kind == kind]
            ids = [row.unit_id for row in ranked]
            speakers = await unit_store.speakers(session, ids, paths=ground.paths) if ids else {}
        in_sight = {row.unit_id: row for row in recap.rows}
        broadcasts = _broadcasts(rows, seen, heads, in_sight)
        voters = {
            identity: int(said)
            for identity, speaker in speakers.items()
            if (said := str(speaker.variables.get(duty.VOTERS, "")).replace(".", "")).isdecimal() and len(said) < 10
        }
        chosen = by or ("voters" if ranked and 2 * len(voters) > len(ranked) else "reach")
        return Compliance(
            recap.period,
            recap.environment,
            recap.unit,
            recap.timezone,
            broadcasts,
            duty.rank(ranked, voters, by=chosen),
            duty.FORMULAS[chosen],
            _reminder(recap, broadcasts),
            {standing.value: word for standing, word in WORDS.items()},
        )

    async def certificate(self, actor: Actor, wanted: RecapWanted, unit_id: int, *, by: str | None = None) -> bytes:
        """A page for the unit's wall. Raises NotFound for a unit that is out of sight or has no place."""
        unit = await self._unit(actor, unit_id)
        found = await self.make(actor, wanted, kind=unit.kind, by=by)
        one = next((row for row in found.ranking if row.unit_id == unit_id and row.place is not None), None)
        if one is None:
            raise NotFound("Unit ini belum mempunyai peringkat pada periode itu, jadi belum ada sertifikatnya.")
        return await certificate(_facts(found, one))

    async def _unit(self, actor: Actor, unit_id: int) -> Any:
        async with self.recaps.db.read() as session:
            return await self.recaps.unit_in_sight(session, actor, unit_id)


def _broadcasts(
    rows: Sequence[Mapping[str, Any]],
    seen: Sequence[Mapping[str, Any]],
    heads: Mapping[int, Mapping[str, Any]],
    in_sight: Mapping[int, Any],
) -> list[BroadcastDuty]:
    found = []
    named = [{**row, "platform": TITLES.get(row["platform"], row["platform"])} for row in seen]
    every = duty.with_outside([_piece(row) for row in rows], named)
    for broadcast_id, group in groupby(every, key=lambda piece: piece.broadcast_id):
        pieces = list(group)
        head = heads[broadcast_id]
        units = [
            duty.stand(list(own), deadline=head["deadline"])
            for _, own in groupby(pieces, key=lambda piece: piece.unit_id)
        ]
        told = {unit.unit_id for unit in units}
        units += _left_out(head["problems"], told, in_sight)
        first = min(piece.due_at for piece in pieces)
        found.append(BroadcastDuty(broadcast_id, head["title"], first, head["deadline"], duty.count(units), units))
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at), reverse=True)


def _left_out(problems: Sequence[Mapping[str, Any]], told: set[int], in_sight: Mapping[int, Any]) -> list[UnitDuty]:
    """Units that the broadcast could not take along; each once, with every reason."""
    reasons: dict[int, list[str]] = {}
    for problem in problems or ():
        if problem["unit_id"] in in_sight and problem["unit_id"] not in told:
            reasons.setdefault(problem["unit_id"], []).append(problem["reason"])
    return [
        UnitDuty(unit_id, in_sight[unit_id].label, in_sight[unit_id].wilayah_code, Standing.LEFT_OUT, 0, 0, None, why)
        for unit_id, why in reasons.items()
    ]


def _piece(row: Mapping[str, Any]) -> Piece:
    named = {**row, "platform": TITLES.get(row["platform"], row["platform"]), "state": State(row["state"])}
    return Piece(**named)


def _reminder(recap: Recap, broadcasts: Sequence[BroadcastDuty]) -> str:
    """One text for all that is still open, the newest first."""
    names = {row.key: row.label for row in recap.kecamatan}
    texts = []
    for one in broadcasts:
        by_place: dict[str, list[str]] = {}
        for unit in one.missing:
            place = names.get(unit.wilayah_code[:8], "Tingkat kota")
            by_place.setdefault(place, []).append(unit.unit)
        deadline = wording.moment(one.deadline, recap.timezone) if one.deadline else ""
        texts.append(duty.remind(one.title, deadline, by_place))
    return "\n\n".join(text for text in texts if text)


def _facts(found: Compliance, one: Ranked) -> dict[str, Any]:
    return {
        "issuer": found.unit,
        "unit": one.unit,
        "place": one.place,
        "among": sum(1 for row in found.ranking if row.place is not None),
        "period": found.period.label,
        "formula": found.formula,
        "published": wording.number(one.published),
        "interactions": wording.number(one.interactions),
        "score": wording.percent(one.score, digits=2),
        "environment": wording.ENVIRONMENTS.get(found.environment, found.environment),
    }
