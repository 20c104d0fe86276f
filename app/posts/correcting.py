"""Which channels have told the public a day that no longer holds and have not said so since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.rules import Act, Actor
from app.kit.db import Database, ReadSession
from app.kit.errors import Conflict
from app.posts import stale_store


@dataclass(frozen=True)
class Stale:
    """One delivery that is out with former days. `url` None: the platform gave no address."""

    delivery_id: int
    post_id: int
    unit_id: int
    unit_name: str
    channel_id: int
    platform: str
    environment: str
    handle: str
    text: str
    url: str | None
    published_at: datetime | None


@dataclass
class CorrectionService:
    db: Database

    async def stale(self, actor: Actor, tahapan_id: int) -> Sequence[Stale]:
        """Because this stage was moved, in the actor's sight; what a correction has reached since is left out."""
        async with self.db.read() as session:
            rows = await stale_store.stale_deliveries(session, actor.paths(Act.READ), tahapan_id)
        return [_stale(row) for row in rows]


async def channels_to_correct(session: ReadSession, actor: Actor, tahapan_id: int) -> dict[int, Stale]:
    """By channel; live and hand-off ones, or practice ones where there is nothing else. Conflict without any."""
    rows = await stale_store.stale_deliveries(session, actor.paths(Act.BROADCAST), tahapan_id)
    found = [_stale(row) for row in rows]
    real = [one for one in found if one.environment != "practice"] or found
    if not real:
        raise Conflict("Tidak ada akun yang masih memuat tanggal lama dari tahapan ini.")
    return {one.channel_id: one for one in real}


def _stale(row: Mapping[str, Any]) -> Stale:
    return Stale(**{**row, "text": row["text"].get("text", "")})
