"""What may be asked of deliveries: put them in the queue, look at them, and the few things a person may do to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.kit.clock import Clock
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem
from app.kit.paging import Page, cut, decode
from app.publishing import ahead_store, pause_store, read_store, store, switch_store, withdraw_store
from app.publishing.models import Attempt, Delivery
from app.publishing.pulse import Pulse, feel
from app.publishing.read_store import Filter
from app.publishing.renewing import take_over
from app.publishing.rules import (
    BY_HAND,
    FIRST_LOOK,
    MAY_CANCEL,
    MAY_RETRY,
    Frozen,
    State,
    hash_of,
    lane_of,
    late_seconds,
    queued,
)
from app.publishing.spending import NO_CAP, Cap
from app.publishing.takeover_store import must_be_ours


@dataclass(frozen=True)
class NewDelivery:
    """A post for a channel. `message` None: not approved yet, so nothing is frozen and the delivery waits.

    `is_held`: approved, but the channel cannot speak now; it waits until the channel is connected again. `is_slow`: it carries a video.
    """

    post_id: int
    broadcast_id: int | None
    channel_id: int
    unit_id: int
    platform: str
    environment: str
    due_at: datetime
    valid_until: datetime
    message: Frozen | None
    wants_prepare: bool = False
    is_held: bool = False
    is_slow: bool = False


@dataclass(frozen=True)
class Wish:
    """It is to be taken down and is not yet. `by_hand`: a person is asked to delete it; `said`: the platform's last answer."""

    reason: str
    asked_at: datetime
    by_hand: bool
    said: str


@dataclass(frozen=True)
class DeliveryView:
    """A delivery as people see it, with its tries where they were asked for.

    `in_place`: it edits a post that was out already. `edited_by`: the newest delivery that did so to this one, where it was asked for alone.
    """

    id: int
    post_id: int
    broadcast_id: int | None
    channel_id: int
    unit_id: int
    unit_name: str
    timezone: str
    platform: str
    environment: str
    handle: str
    state: State
    reason: str
    text: str
    due_at: datetime
    act_at: datetime | None
    valid_until: datetime
    published_at: datetime | None
    late_seconds: float | None
    remote_id: str | None
    url: str | None
    proof_id: int | None
    attempts: Sequence[Attempt] = ()
    withdrawal: Wish | None = None
    in_place: bool = False
    edited_by: int | None = None


@dataclass(frozen=True)
class TakenDown:
    """Of a broadcast that is withdrawn: deliveries to be taken down, those that are down, those that wait for a person."""

    asked: int
    down: int
    by_hand: int


@dataclass
class PublishingService:
    db: Database
    clock: Clock
    grace: timedelta
    cap: Cap = NO_CAP

    def now(self) -> datetime:
        return self.clock.now()

    async def pulse(self) -> Pulse:
        """How the workers are."""
        return await feel(self.db, self.clock)

    async def totals(self) -> dict[str, int]:
        """All deliveries by state, for the operator's metrics."""
        async with self.db.read() as session:
            return await read_store.count_all(session)

    async def bring_checks_forward(self, platforms: Sequence[str]) -> int:
        """Credentials that a post or a reading needs soon are looked after before it; answers how many."""
        async with self.db.write() as session:
            return await ahead_store.bring_checks_forward(session, platforms, now=self.now())

    async def enqueue(self, session: WriteSession, new: Sequence[NewDelivery]) -> None:
        """Insert in batches, in the caller's transaction. A second delivery of a post to a channel cannot be inserted."""
        await self.cap.must_fit(session, new)
        paused = await pause_store.paused(session, [(one.post_id, one.unit_id) for one in new]) if new else []
        await session.insert_many(Delivery, [_row(one, why) for one, why in zip(new, paused, strict=True)])

    async def approve(
        self,
        session: WriteSession,
        messages: Mapping[int, tuple[Frozen, bool]],
        *,
        due_at: datetime,
        valid_until: datetime,
    ) -> None:
        """Freeze what was approved, by delivery id: the message and whether it can be prepared. It is due from now on."""
        now = self.now()
        rows = [
            {
                "id": identity,
                "message": frozen.body(),
                "message_hash": hash_of(frozen.body()),
                "act_at": max(due_at, now),
                "due_at": due_at,
                "valid_until": valid_until,
                "wants_prepare": wants_prepare,
            }
            for identity, (frozen, wants_prepare) in messages.items()
        ]
        if rows:
            await store.freeze(session, rows)

    async def cancel(
        self, session: WriteSession, *, reason: str, post_ids: Sequence[int] = (), broadcast_id: int | None = None
    ) -> int:
        """Cancel what has not left yet. Answers how many."""
        return await store.cancel(session, reason=reason, post_ids=post_ids, broadcast_id=broadcast_id)

    async def take_out(self, session: WriteSession, post_id: int) -> None:
        """Remove a post's deliveries from the queue; Conflict once any of them has been tried."""
        if not await store.drop_untried(session, post_id):
            raise Conflict(
                "Sebagian sudah dikirim ke platform, jadi tidak dapat diubah lagi. Batalkan sisanya, atau buat unggahan baru."
            )

    async def all_ended(self, session: ReadSession, post_ids: Sequence[int]) -> set[int]:
        return await read_store.posts_all_ended(session, post_ids)

    async def broadcast_states(self, session: ReadSession, broadcast_ids: Sequence[int]) -> dict[int, dict[str, int]]:
        return await read_store.count_states(session, broadcast_ids=broadcast_ids)

    async def want_down(self, session: WriteSession, broadcast_id: int, *, reason: str, asked_by: int | None) -> int:
        """Wish taken down what of a broadcast is out or may be; answers how many. Workers then ask the platforms."""
        return await withdraw_store.ask(
            session, broadcast_id=broadcast_id, reason=reason, asked_by=asked_by, now=self.now()
        )

    async def taken_down(self, session: ReadSession, broadcast_ids: Sequence[int]) -> dict[int, TakenDown]:
        """How far the withdrawal of each has come; one that nobody withdrew is left out."""
        found = await withdraw_store.progress(session, broadcast_ids)
        return {identity: TakenDown(*counts) for identity, counts in found.items()}

    async def on_channel_state(self, session: WriteSession, channel_id: int, state: str) -> None:
        """What a channel's new state means for its queue; hung on ChannelService.on_state."""
        await switch_store.follow_channel(session, channel_id, now=self.now())
        if state == "connected":
            await store.release_channel(session, channel_id, now=self.now())
            await withdraw_store.release(session, channel_id, now=self.now())
        elif state == "closed":
            await store.cancel(session, channel_id=channel_id, reason="Akun ditutup.")
        else:
            await store.hold_channel(
                session, channel_id, reason="Akun dijeda." if state == "paused" else "Akun perlu disambungkan ulang."
            )

    async def list(
        self,
        actor: Actor,
        wanted: Filter,
        *,
        limit: int,
        cursor: str | None = None,
        newest_first: bool = False,
        with_attempts: bool = False,
    ) -> Page[DeliveryView]:
        after = place_of(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await read_store.find_rows(
                session, actor.paths(Act.READ), wanted, limit=limit + 1, after=after, newest_first=newest_first
            )
            tries = await read_store.attempts_of(session, [row["id"] for row in rows]) if with_attempts else {}
        page = cut(rows, limit, lambda row: [row["due_at"].isoformat(), row["id"]])
        return Page([_view(row, tries.get(row["id"], ())) for row in page.rows], page.next)

    async def of_posts(
        self, session: ReadSession, actor: Actor, post_ids: Sequence[int]
    ) -> dict[int, Sequence[DeliveryView]]:
        rows = await read_store.find_rows(
            session, actor.paths(Act.READ), Filter(post_ids=post_ids), limit=200 * max(1, len(post_ids)), after=None
        )
        found: dict[int, Any] = {identity: [] for identity in post_ids}
        for row in rows:
            found[row["post_id"]].append(_view(row))
        return found

    async def get(self, actor: Actor, delivery_id: int) -> DeliveryView:
        async with self.db.read() as session:
            row = await self._visible(session, actor, delivery_id)
            view = _view(row, (await read_store.attempts_of(session, [delivery_id])).get(delivery_id, ()))
            return replace(view, edited_by=await read_store.edited_by(session, delivery_id))

    async def counts(self, actor: Actor, wanted: Filter) -> dict[str, int]:
        async with self.db.read() as session:
            return await read_store.count_visible(session, actor.paths(Act.READ), wanted)

    async def count_tasks(self, actor: Actor, wanted: Filter) -> int:
        """Posts that are out and that a person is asked to delete."""
        async with self.db.read() as session:
            return await read_store.count_tasks(session, actor.paths(Act.READ), wanted)

    async def units_heard(self, actor: Actor, wanted: Filter) -> set[int]:
        """Which visible units have a delivery that matches; the others have been silent."""
        async with self.db.read() as session:
            return await read_store.units_heard(session, actor.paths(Act.READ), wanted)

    async def retry(self, actor: Actor, delivery_id: int) -> DeliveryView:
        """Send again what stopped, was missed or cancelled. What is in doubt must be resolved instead."""
        return await self._change(actor, delivery_id, MAY_RETRY, self._due_again(), action="retry", detail={})

    async def resolve(
        self, actor: Actor, delivery_id: int, *, published: bool, url: str | None = None, proof_id: int | None = None
    ) -> DeliveryView:
        """A person has looked: it is out (with its address or a picture as proof) or it is not, then it is sent again."""
        values = self._due_again()
        if published:
            reason = "Dipastikan terbit oleh anggota."
            values = {
                "state": State.PUBLISHED,
                "act_at": None,
                "published_at": self.now(),
                "metrics_at": self.now() + FIRST_LOOK,
                "url": url,
                "proof_id": proof_id,
                "reason": reason,
            }
        detail = {"published": published, "url": url, "proof_id": proof_id}
        return await self._change(actor, delivery_id, BY_HAND, values, action="resolve", detail=detail)

    async def cancel_one(self, actor: Actor, delivery_id: int, *, reason: str) -> DeliveryView:
        values = {"state": State.CANCELLED, "act_at": None, "reason": reason}
        return await self._change(actor, delivery_id, MAY_CANCEL, values, action="cancel", detail={"reason": reason})

    def _due_again(self) -> dict[str, Any]:
        now = self.now()
        fresh = {"reason": "", "code": "", "looks": 0}
        return {"state": State.DUE, "act_at": now, "valid_until": now + self.grace, **fresh}

    async def _change(
        self,
        actor: Actor,
        delivery_id: int,
        seen: Sequence[State],
        values: Mapping[str, Any],
        *,
        action: str,
        detail: Mapping[str, Any],
    ) -> DeliveryView:
        """What a writer of the unit may do to one delivery, if it is still in a state that allows it."""
        async with self.db.write() as session:
            row = await self.must_write(session, actor, delivery_id)
            actor.must(Act.WRITE, row["path"])
            await must_be_ours(session, row["channel_id"], values.get("url"))
            if row["state"] in seen and values["state"] is State.DUE and not row["message"]:
                raise Conflict("Unggahan ini belum pernah disetujui, jadi belum dapat dikirim.")
            if not await store.change_state(session, delivery_id, seen=seen, values=values):
                raise Conflict(
                    f"Keadaannya sekarang “{row['state']}”, jadi ini tidak dapat dilakukan. Muat ulang untuk melihat keadaan terbaru."
                )
            await take_over(session, [delivery_id], now=self.now())
            await withdraw_store.drop_unsent(session, [delivery_id], now=self.now())
            await store.hold_speechless(session, [row["channel_id"]])
            subject = f"delivery:{delivery_id}"
            await record(
                session, at=self.now(), actor=actor.label, action=f"delivery.{action}", subject=subject, detail=detail
            )
        return await self.get(actor, delivery_id)

    async def must_write(self, session: ReadSession, actor: Actor, delivery_id: int) -> Mapping[str, Any]:
        """The delivery, for somebody who may act on it; raises NotFound, Forbidden."""
        row = await self._visible(session, actor, delivery_id)
        # Whose term is over can no longer take anything down; its reviewers can.
        actor.must(Act.REVIEW if actor.is_archived(row["path"]) else Act.WRITE, row["path"])
        return row

    async def _visible(self, session: ReadSession, actor: Actor, delivery_id: int) -> Mapping[str, Any]:
        row = await read_store.find_one(session, actor.paths(Act.READ), delivery_id)
        if row is None:
            raise NotFound("Kiriman ini tidak ada, atau bukan milik unit Anda.")
        return row


def place_of(cursor: str) -> tuple[datetime, int]:
    """Moment and id of the last row seen; BadInput for a cursor that is not one of ours."""
    at, last_id = decode(cursor, length=2)
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        moment = None
    if (
        moment is None
        or moment.tzinfo is None
        or not 1970 <= moment.year < 3000
        or not isinstance(last_id, int)
        or not 0 <= last_id < 2**31
    ):
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        )
    return moment, last_id


def _row(new: NewDelivery, paused: str | None) -> dict[str, Any]:
    body = new.message.body() if new.message else {}
    waits = new.message is None or new.is_held or paused is not None
    return {
        "post_id": new.post_id,
        "broadcast_id": new.broadcast_id,
        "channel_id": new.channel_id,
        "unit_id": new.unit_id,
        "platform": new.platform,
        "environment": new.environment,
        "lane": lane_of(new.platform, new.environment, is_slow=new.is_slow),
        "state": State.WAITING if waits else queued(new.environment),
        "reason": "" if new.message is None else "Akun perlu disambungkan ulang." if new.is_held else paused or "",
        "due_at": new.due_at,
        "act_at": new.due_at,
        "valid_until": new.valid_until,
        "message": body,
        "message_hash": hash_of(body) if new.message else "",
        "wants_prepare": new.wants_prepare,
        "prepared": {},
        "successor": None,
        "attempt": 0,
        "looks": 0,
        "worker_id": None,
        "first_sent_at": None,
        "last_sent_at": None,
        "code": "",
        "remote_id": None,
        "url": None,
        "proof_id": None,
        "published_at": None,
        "metrics_at": None,
    }


def _view(row: Mapping[str, Any], attempts: Sequence[Attempt] = ()) -> DeliveryView:
    return DeliveryView(
        **{name: row[name] for name in _PLAIN},
        state=State(row["state"]),
        text=row["message"].get("text", ""),
        late_seconds=late_seconds(row["due_at"], row["published_at"]),
        attempts=tuple(attempts),
        withdrawal=_wish(row),
        in_place=bool(row["message"].get("edits")),
    )


def _wish(row: Mapping[str, Any]) -> Wish | None:
    if row["wished_at"] is None:
        return None
    return Wish(row["wish_reason"], row["wished_at"], row["wish_by_hand"], row["wish_said"])


_PLAIN = (
    "id",
    "post_id",
    "broadcast_id",
    "channel_id",
    "unit_id",
    "unit_name",
    "timezone",
    "platform",
    "environment",
    "handle",
    "reason",
    "due_at",
    "act_at",
    "valid_until",
    "published_at",
    "remote_id",
    "url",
    "proof_id",
)
