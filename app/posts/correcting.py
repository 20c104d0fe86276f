"""Which channels have told the public a day that no longer holds and have not said so since, and how each is put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.accounts.rules import Act, Actor
from app.kit.db import Database, ReadSession
from app.kit.errors import Conflict
from app.platforms.contract import Adapter, EditsInPlace
from app.posts import stale_store
from app.posts.postering import takes_poster
from app.posts.writing import Item
from app.publishing.rules import State


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
    state: State = State.PUBLISHED
    remote_id: str | None = None
    has_media: bool = False


@dataclass
class CorrectionService:
    db: Database

    async def stale(self, actor: Actor, tahapan_id: int) -> Sequence[Stale]:
        """Because this stage was moved, in the actor's sight; what a correction has reached since is left out."""
        async with self.db.read() as session:
            rows = await stale_store.stale_deliveries(session, actor.paths(Act.READ), tahapan_id)
        return [_stale(row) for row in rows]


@dataclass(frozen=True)
class Corrected:
    """How one channel is put right: the old post is edited in place, or a new one says it; then `why` says why not."""

    delivery_id: int
    unit_id: int
    unit_name: str
    channel_id: int
    platform: str
    handle: str
    url: str | None
    in_place: bool
    why: str = ""


@dataclass(frozen=True)
class Targets:
    """By channel, what is out with former days. `in_place` False: nothing is edited, everything is said anew."""

    by_channel: Mapping[int, Sequence[Stale]]
    adapters: Mapping[str, Adapter]
    in_place: bool = True

    def __contains__(self, channel_id: object) -> bool:
        return channel_id in self.by_channel

    @property
    def unit_ids(self) -> list[int]:
        return sorted({each[0].unit_id for each in self.by_channel.values()})

    def aim(self, item: Item) -> Item:
        """The post with the addresses of those it edits."""
        told = [one for one in self.of(item) if one.in_place]
        remote = {each.delivery_id: each.remote_id for stale in self.by_channel.values() for each in stale}
        return replace(
            item, edits={one.platform: {"remote_id": remote[one.delivery_id], "url": one.url} for one in told}
        )

    def of(self, item: Item) -> list[Corrected]:
        platforms = [channel.platform for channel in item.plan.channels]
        found = []
        for channel in item.plan.channels:
            for stale in self.by_channel.get(channel.id or 0, ())[-1:]:
                why = self._why_not(item, stale, platforms.count(channel.platform))
                place = (stale.delivery_id, stale.unit_id, stale.unit_name, stale.channel_id)
                found.append(Corrected(*place, stale.platform, stale.handle, stale.url, not why, why))
        return found

    def _why_not(self, item: Item, stale: Stale, accounts: int) -> str:
        if not self.in_place:
            return "Dipilih sebagai unggahan baru."
        if stale.environment == "manual":
            return "Diunggah dengan tangan."
        if not isinstance(self.adapters[stale.platform], EditsInPlace):
            return "Platform ini tidak dapat menyunting."
        if stale.state is not State.PUBLISHED or not stale.remote_id:
            return "Belum dipastikan terbit."
        if len(self.by_channel[stale.channel_id]) > 1:
            return "Beberapa unggahan di akun ini memuat tanggal lama."
        if accounts > 1:
            return "Unit ini punya beberapa akun di platform ini."
        if stale.has_media:
            return "Gambarnya mungkin memuat tanggal lama."
        takes = item.plan.poster is not None and takes_poster(self.adapters[stale.platform].limits)
        return "Koreksi ini membawa gambar." if item.media or takes else ""


async def channels_to_correct(
    session: ReadSession, actor: Actor, tahapan_id: int, adapters: Mapping[str, Adapter], *, in_place: bool
) -> Targets:
    """Live and hand-off ones, or practice ones where there is nothing else. Conflict without any."""
    rows = await stale_store.stale_deliveries(session, actor.paths(Act.BROADCAST), tahapan_id)
    found = [_stale(row) for row in rows]
    real = [one for one in found if one.environment != "practice"] or found
    if not real:
        raise Conflict("Tidak ada akun yang masih memuat tanggal lama dari tahapan ini.")
    by_channel: dict[int, list[Stale]] = {}
    for one in real:
        by_channel.setdefault(one.channel_id, []).append(one)
    return Targets(by_channel, adapters, in_place)


def _stale(row: Mapping[str, Any]) -> Stale:
    message = row["text"]
    has_media = bool(message.get("pictures") or message.get("video"))
    return Stale(**{**row, "text": message.get("text", ""), "state": State(row["state"]), "has_media": has_media})
