"""An account that was hacked: everything of ours leaves it at once, and comes back when a person says that it is safe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.accounts.lockout import lock_out
from app.accounts.rules import Act, Actor
from app.audit.events import Event, EventKind
from app.audit.service import record, tell
from app.channels import rules as channel_rules
from app.channels import store as channel_store
from app.channels.connecting import Places
from app.channels.models import Channel
from app.channels.rules import Environment, State
from app.channels.service import ChannelService
from app.kit.clock import Clock
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.kit.logs import logger, redact
from app.platforms.connecting import Connector, Revokes
from app.platforms.contract import Account, Adapter, PublishError, RecentPost, Refused, TellsRecent
from app.platforms.registry import TITLES
from app.publishing import diverting, takeover_rules
from app.publishing import takeover_store as store
from app.publishing.divert_store import Which
from app.publishing.models import StrangePost, Takeover
from app.publishing.store import D, hold_paused
from app.publishing.takeover_rules import HOLD, SAFE, Revoke

log = logger("takeovers")

HACKED = "Akun ini diretas."
BY_HAND = (
    f"{HACKED} Jangan terbitkan di akun itu: sampaikan di tempat lain yang aman, misalnya grup warga, lalu tandai."
)
REMOVE_US = (
    "Buka pengaturan keamanan akun di {title}, bagian aplikasi yang tersambung, lalu hapus Kentongan dari daftarnya."
)


@dataclass(frozen=True)
class Alarm:
    """`people`: whose access ends, None: who joined the account, else everybody of the unit. `keep`: the asker's own screen."""

    since: datetime | None = None
    people: Sequence[int] | None = None
    to: str = SAFE
    note: str = ""
    keep: str = ""


@dataclass(frozen=True)
class TakeoverView:
    """How far it has come. `row` None: no alarm was ever raised here. `persons`: (id, name) of the unit's own people."""

    channel: Channel
    row: Takeover | None
    strange: Sequence[StrangePost]
    persons: Sequence[tuple[int, str]]
    suggested: Sequence[int]
    remove_us: str
    may_act: bool
    may_end: bool

    @property
    def is_open(self) -> bool:
        return self.row is not None and self.row.ended_at is None and self.channel.hacked_at is not None


@dataclass
class TakeoverService:
    db: Database
    clock: Clock
    platforms: Mapping[str, Adapter]
    channels: ChannelService
    connectors: Mapping[str, Connector]
    places: Places
    grace: timedelta = timedelta(hours=24)

    async def get(self, actor: Actor, channel_id: int) -> TakeoverView:
        """Raises NotFound."""
        async with self.db.read() as session:
            channel, path = await self._seen(session, actor, channel_id)
            row = await store.latest(session, channel_id)
            persons = await store.persons_at(session, channel.unit_id)
            strange = await store.strange(session, row.id or 0) if row else []
        suggested = takeover_rules.first_people([one[0] for one in persons], connected_by=channel.connected_by)
        return TakeoverView(
            channel, row, strange, persons, suggested, self._remove_us(channel.platform),
            actor.may(Act.WRITE, path), actor.may(Act.MANAGE, path),
        )  # fmt: skip

    async def raise_alarm(self, actor: Actor, channel_id: int, alarm: Alarm) -> TakeoverView:
        """Pauses, diverts, locks out, reads what is there, and has our credential revoked; any writer of the unit or above may.

        What the platform does not answer is tried again by a worker. Raises NotFound, Forbidden, ProveFirst, BadInput, Conflict.
        """
        now = self.clock.now()
        since = takeover_rules.read_since(alarm.since, now=now)
        target = takeover_rules.read_to(alarm.to, self.platforms)
        async with self.db.write() as session:
            channel, path = await self._seen(session, actor, channel_id)
            actor.must(Act.WRITE, path)
            actor.must_prove()
            channel_rules.must_be_open(channel.state)
            if channel.hacked_at is not None:
                raise Conflict("Akun ini sudah ditandai diretas.")
            await store.end_stale(session, channel_id, now=now)
            account = (await self.channels.accounts_for(session, [channel_id])).get(channel_id)
            people = await self._whose(session, channel, alarm.people)
            row = Takeover(
                channel_id=channel_id, since_at=since, reported_by=actor.user_id, reported_at=now, note=alarm.note.strip()[:1000],
                deadline_at=now + takeover_rules.DEADLINE, people=people, sealed=channel.sealed,
            )  # fmt: skip
            row.revoke_state = Revoke.WAITING if channel.sealed else Revoke.NONE
            row.revoke_at = now + takeover_rules.RETRY if channel.sealed else None
            await self._silence(session, channel, now)
            row.moved, row.by_hand = await self._divert(session, channel, path, target)
            await lock_out(session, people, now=now, keep=alarm.keep, keeper=actor.user_id)
            session.add(row)
            await session.flush()
            detail = {
                "since": since.isoformat(),
                "people": people,
                "moved": row.moved,
                "by_hand": row.by_hand,
                "to": target,
            }
            await self._note(session, actor, "channel.hacked", channel, detail)
            await self._tell(session, actor, channel, row)
        await self._look(row.id or 0, channel, account)
        await self._revoke(row.id or 0, channel)
        return await self.get(actor, channel_id)

    async def look_again(self, actor: Actor, channel_id: int) -> TakeoverView:
        """Asks the platform once more what is there. Raises Conflict where there is no credential to ask with."""
        async with self.db.read() as session:
            channel, row = await self._open(session, actor, channel_id, Act.WRITE)
            account = (await self.channels.accounts_for(session, [channel_id])).get(channel_id)
        if account is None:
            raise Conflict("Sambungan akun sudah diputus. Hubungkan ulang akunnya dulu, baru unggahannya dapat dibaca.")
        await self._look(row.id or 0, channel, account)
        return await self.get(actor, channel_id)

    async def tick(self, actor: Actor, channel_id: int, step: str, *, is_done: bool) -> TakeoverView:
        key = takeover_rules.read_step(step)
        async with self.db.write() as session:
            channel, row = await self._open(session, actor, channel_id, Act.WRITE)
            ticks = {name: value for name, value in row.ticks.items() if name != key}
            if is_done:
                ticks[key] = {"at": self.clock.now().isoformat(), "by": actor.name}
            row.ticks = ticks
            session.add(row)
            await self._note(session, actor, "channel.hacked.tick", channel, {"step": key, "done": is_done})
        return await self.get(actor, channel_id)

    async def judge(self, actor: Actor, channel_id: int, post_id: int, verdict: str) -> TakeoverView:
        """What a person says of one post: ours after all, or deleted. Raises NotFound."""
        said = takeover_rules.read_verdict(verdict)
        async with self.db.write() as session:
            channel, row = await self._open(session, actor, channel_id, Act.WRITE)
            if not await store.judge(session, row.id or 0, post_id, said):
                raise NotFound("Unggahan ini tidak ada di daftar.")
            await self._note(session, actor, "channel.hacked.judge", channel, {"post": post_id, "verdict": str(said)})
        return await self.get(actor, channel_id)

    async def end(self, actor: Actor, channel_id: int) -> TakeoverView:
        """Safe again: what still waits goes on. Raises Conflict before the account was joined anew."""
        actor.must_prove()
        async with self.db.read() as session:
            channel, row = await self._open(session, actor, channel_id, Act.MANAGE)
            account = (await self.channels.accounts_for(session, [channel_id])).get(channel_id)
        if account is not None:
            await self._look(row.id or 0, channel, account)
        async with self.db.write() as session:
            channel, row = await self._open(session, actor, channel_id, Act.MANAGE)
            self._arm(channel)
            channel.hacked_at, channel.state, channel.state_reason = None, State.CONNECTED, ""
            row.ended_at, row.ended_by, row.revoke_at, row.sealed = self.clock.now(), actor.user_id, None, ""
            session.add(row)
            await channel_store.save(session, channel)
            detail = {"left": takeover_rules.left(row.ticks, (*takeover_rules.RECOVERY, *takeover_rules.NOTIFICATION))}
            await self._note(session, actor, "channel.safe", channel, detail)
            await self.channels.announce(session, channel)
        return await self.get(actor, channel_id)

    async def revoke_due(self, *, limit: int = 20) -> int:
        """A worker's turn at what platforms did not answer; answers how many."""
        async with self.db.read() as session:
            due = await store.revoking(session, now=self.clock.now(), limit=limit)
        for row, channel in due:
            await self._revoke(row.id or 0, channel)
        return len(due)

    def targets(self, channel: Channel) -> Sequence[tuple[str, str]]:
        """(name, title) of where the queue may go."""
        rest = diverting.targets(self.platforms, not_to=channel.platform)
        return [(SAFE, "Akun unit yang lain; sisanya unggah manual"), *rest, (HOLD, "Tetap menunggu sampai akun aman")]

    async def _silence(self, session: WriteSession, channel: Channel, now: datetime) -> None:
        """Paused and without its credential: from this moment nothing of ours can speak there, and nobody renews it."""
        channel.state, channel.state_reason, channel.hacked_at, channel.sealed = State.PAUSED, HACKED, now, ""
        channel.check_at = channel.suspected_at = channel.token_ends_at = channel.expires_at = None
        channel.tended_by, channel.tending_ends_at = "", None
        await channel_store.save(session, channel)
        await self.channels.announce(session, channel)

    async def _divert(self, session: WriteSession, channel: Channel, path: str, target: str) -> tuple[int, int]:
        """How many went to other accounts, how many to people."""
        which = Which((path,), channel_ids=(channel.id or 0,))
        moved = 0
        if target == HOLD:
            return 0, 0
        names = [target] if target in self.platforms else self.platforms if target == SAFE else []
        for name in names:
            done = await diverting.to_platform(
                session, which, self.platforms[name], reason=HACKED, now=self.clock.now(), grace=self.grace
            )
            moved += done.moved
        by_hand = (await diverting.to_hands(session, which, reason=BY_HAND)).moved
        await hold_paused(session, D.channel_id == channel.id)
        return moved, by_hand

    async def _whose(self, session: ReadSession, channel: Channel, named: Sequence[int] | None) -> list[int]:
        at_unit = [one[0] for one in await store.persons_at(session, channel.unit_id)]
        if named is None:
            return takeover_rules.first_people(at_unit, connected_by=channel.connected_by)
        if set(named) - set(at_unit):
            raise BadInput("Pilih orang dari unit ini.", Problem("people", "bukan orang unit ini"))
        return sorted(set(named))

    async def _look(self, takeover_id: int, channel: Channel, account: Account | None) -> None:
        """Never stands in the way: what cannot be read is said."""
        adapter, said = self.platforms[channel.platform], ""
        async with self.db.read() as session:
            row = await session.get(Takeover, takeover_id)
        recent: list[RecentPost] = []
        if account is None or not isinstance(adapter, TellsRecent):
            said = f"{TITLES[channel.platform]} tidak dapat ditanya. Buka akunnya, lalu periksa sendiri unggahannya."
        else:
            try:
                recent = await adapter.read_recent(account, row.since_at if row else self.clock.now())
            except PublishError as error:
                said = f"Unggahan di akun belum dapat dibaca: {redact(error.message)}"
        async with self.db.write() as session:
            row = await session.get(Takeover, takeover_id)
            assert row is not None
            listed = {post.remote_id for post in recent}
            before = row.since_at - timedelta(hours=1)
            ours, on_the_way = await store.ours(session, channel.id or 0, since=before, listed=listed)
            found = takeover_rules.strangers(recent, since=row.since_at, ours=ours, on_the_way=on_the_way)
            await store.keep_strange(session, takeover_id, found)
            row.looked_at, row.look_said = self.clock.now(), said
            session.add(row)

    async def _revoke(self, takeover_id: int, channel: Channel) -> None:
        async with self.db.read() as session:
            row = await session.get(Takeover, takeover_id)
            fresh = await session.get(Channel, channel.id)
        if row is None or row.revoke_state != Revoke.WAITING:
            return
        if fresh is not None and fresh.sealed:
            # Several platforms forget an app as a whole: that would also end what a person has just joined anew.
            state, said = Revoke.NONE, "Akun sudah dihubungkan ulang; sambungan lama digantikannya."
        else:
            state, said = await self._ask_to_forget(channel, row)
        async with self.db.write() as session:
            row = await session.get(Takeover, takeover_id, populate_existing=True)
            if row is None or row.revoke_state != Revoke.WAITING:
                return
            row.tries += 1
            if state is Revoke.WAITING and row.tries >= takeover_rules.GIVES_UP_AFTER:
                state = Revoke.BY_HAND
            row.revoke_state, row.said = state, said
            waits = state is Revoke.WAITING
            row.revoke_at = self.clock.now() + takeover_rules.next_try(row.tries) if waits else None
            row.sealed = row.sealed if waits else ""
            session.add(row)
            if not waits:
                await record(
                    session, at=self.clock.now(), actor="sistem", action="channel.revoked", subject=f"channel:{channel.id}",
                    detail={"state": str(state), "platform": channel.platform},
                )  # fmt: skip

    async def _ask_to_forget(self, channel: Channel, row: Takeover) -> tuple[Revoke, str]:
        connector = self.connectors.get(channel.platform)
        if not isinstance(connector, Revokes):
            return Revoke.BY_HAND, self._remove_us(channel.platform)
        place = self.places(channel.platform, channel.environment, channel.base_url)
        try:
            await connector.revoke(place, self.channels.seal.open(row.sealed))
        except Refused as error:
            return Revoke.BY_HAND, f"{redact(error.message)} {self._remove_us(channel.platform)}"
        except PublishError as error:
            log.warning("revoke_later", platform=channel.platform, channel_id=channel.id, code=error.code)
            return Revoke.WAITING, f"{redact(error.message)} Dicoba lagi sendiri."
        return Revoke.DONE, ""

    def _remove_us(self, platform: str) -> str:
        told = getattr(self.connectors.get(platform), "forget_by_hand", "")
        return str(told) or REMOVE_US.format(title=TITLES[platform])

    def _arm(self, channel: Channel) -> None:
        if channel.environment == Environment.MANUAL or channel.sealed:
            return
        if channel.environment == Environment.LIVE:
            raise Conflict("Hubungkan ulang akunnya dulu, dengan kata sandi yang baru; sesudah itu nyatakan aman.")
        channel.sealed = self.channels.seal.seal(channel_rules.practice_credential(channel.platform, channel.handle))

    async def _open(self, session: ReadSession, actor: Actor, channel_id: int, act: Act) -> tuple[Channel, Takeover]:
        channel, path = await self._seen(session, actor, channel_id)
        actor.must(act, path)
        row = await store.latest(session, channel_id)
        if row is None or row.ended_at is not None or channel.hacked_at is None:
            raise Conflict("Akun ini tidak sedang ditandai diretas.")
        return channel, row

    async def _seen(self, session: ReadSession, actor: Actor, channel_id: int) -> tuple[Channel, str]:
        found = await channel_store.find(session, channel_id, actor.paths(Act.READ))
        if found is None:
            raise NotFound("Akun ini tidak ada, atau di luar wilayah tugas Anda.")
        return found

    async def _tell(self, session: WriteSession, actor: Actor, channel: Channel, row: Takeover) -> None:
        queue = "dialihkan" if row.moved or row.by_hand else "ditahan"
        detail = {
            "platform": channel.platform, "environment": channel.environment, "handle": channel.handle, "channel_id": channel.id,
            "deadline": row.deadline_at.isoformat(), "queue": queue, "urgent": True, "by": actor.user_id,
        }  # fmt: skip
        await tell(
            session, [Event(EventKind.CHANNEL_HACKED, f"channel:{channel.id}", channel.unit_id, detail)],
            at=self.clock.now(),
        )  # fmt: skip

    async def _note(
        self, session: WriteSession, actor: Actor, action: str, channel: Channel, detail: Mapping[str, Any]
    ) -> None:
        told = {"unit_id": channel.unit_id, "platform": channel.platform, "handle": channel.handle, **detail}
        await record(
            session, at=self.clock.now(), actor=actor.label, action=action, subject=f"channel:{channel.id}", detail=told
        )
