"""Reads back what accounts show of themselves, and tells ours from what was made elsewhere."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.accounts import unit_store
from app.accounts.speaker import Speaker
from app.audit.events import Event, EventKind
from app.audit.service import tell
from app.channels.service import ChannelService
from app.content.guard import Finding, Level, Rules, check_text
from app.content.guard_service import facts_for
from app.engagement import outside_rules as rules
from app.engagement import outside_store
from app.engagement.outside_rules import Candidate
from app.kit.db import Database, ReadSession
from app.kit.logs import logger
from app.platforms.contract import Account, Adapter, PublishError, RecentPost, Scope, TellsRecent, TryLater
from app.publishing import seen_store
from app.publishing.models import SeenPost
from app.publishing.rules import State
from app.tahapan.rules import Calendar
from app.tahapan.service import TahapanService

log = logger("reading_back")

AT_ONCE = 8


@dataclass(frozen=True)
class Told:
    """What one account showed; `failed` says why nothing, `wait` until when it is left alone."""

    posts: Sequence[RecentPost] = ()
    failed: str = ""
    wait: datetime | None = None


@dataclass(frozen=True)
class Background:
    """What is known before the posts of one round are judged."""

    known: Mapping[int, Sequence[SeenPost]]
    ours: Mapping[int, Sequence[Mapping[str, Any]]]
    candidates: Mapping[int, Sequence[Candidate]]
    speakers: Mapping[int, Speaker]
    calendars: Mapping[int, Calendar]


@dataclass
class Judged:
    """What a round came to: rows to keep, the accounts' posts that newly block, and ours that are not shown any more."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    blocking: list[dict[str, Any]] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


@dataclass
class ReadBackService:
    """`x_usd`: what reading X back may cost in a calendar month (UTC); 0: it is not read."""

    db: Database
    now: Callable[[], datetime]
    adapters: Mapping[str, Adapter]
    channels: ChannelService
    tahapan: TahapanService
    guard: Rules
    x_usd: Decimal = Decimal(0)

    async def collect(self, *, limit: int = 60) -> int:
        """Answers how many accounts were asked. One that refuses never holds up another."""
        now = self.now()
        async with self.db.read() as session:
            due = await self._due(session, now, limit)
            if not due:
                return 0
            accounts = await self.channels.accounts_for(session, [row["id"] for row in due])
        told = await self._ask(due, accounts, now)
        async with self.db.read() as session:
            ground = await self._background(session, due, now)
        judged = Judged()
        for row, answer in zip(due, told, strict=True):
            if not answer.failed:
                await asyncio.to_thread(self._judge, row, answer.posts, ground, now, judged)
        await self._write(due, told, judged, now)
        return len(due)

    async def _due(self, session: ReadSession, now: datetime, limit: int) -> list[dict[str, Any]]:
        """Those whose turn it is and whose price fits. What a reading may cost is held free until it is made."""
        telling = [name for name, adapter in self.adapters.items() if isinstance(adapter, TellsRecent)]
        joined, month, kept = now - rules.SETTLING, rules.month_of(now), []
        spent = {name: await seen_store.paid(session, name, month) for name in rules.POST_PRICE_USD}
        today = {name: await seen_store.read_since(session, name, since=_midnight(now)) for name in rules.DAILY}
        # What cannot be afforded must not stand before what can.
        dear = [name for name in spent if not rules.may_pay(name, "live", posts=spent[name], cap_usd=self.x_usd)]
        closed = [*dear, *(name for name in today if today[name] >= rules.DAILY[name])]
        found = await seen_store.due(session, telling, closed, now=now, joined_before=joined, limit=limit)
        for row in found:
            platform, environment = row["platform"], row["environment"]
            if not rules.may_pay(platform, environment, posts=spent.get(platform, 0), cap_usd=self.x_usd):
                continue
            if environment == "live" and platform in rules.DAILY:
                if today[platform] >= rules.DAILY[platform]:
                    continue
                today[platform] += 1
            if environment == "live" and platform in spent:
                spent[platform] += rules.PAGE
            kept.append(row)
        return kept

    async def _ask(
        self, due: Sequence[Mapping[str, Any]], accounts: Mapping[int, Account], now: datetime
    ) -> list[Told]:
        gate, spent = asyncio.Semaphore(AT_ONCE), dict[str, datetime]()

        async def ask(row: Mapping[str, Any]) -> Told:
            adapter, account = self.adapters[row["platform"]], accounts.get(row["id"])
            if account is None or not isinstance(adapter, TellsRecent):
                return Told(failed="Akun belum dapat dibaca.")
            async with gate:
                if (until := spent.get(row["platform"])) is not None:
                    return Told(failed="Platform meminta menunggu.", wait=until)
                since = rules.since(row["platform"], row["environment"], read_at=row["read_at"], now=now)
                try:
                    return Told(await adapter.read_recent(account, since))
                except PublishError as error:
                    wait = now + (error.after if isinstance(error, TryLater) and error.after else rules.AGAIN)
                    if isinstance(error, TryLater) and error.scope is not Scope.CHANNEL:
                        spent[row["platform"]] = wait
                    log.warning("read_back_later", platform=row["platform"], handle=account.handle, code=error.code)
                    return Told(failed=error.message, wait=wait)

        return list(await asyncio.gather(*map(ask, due)))

    async def _background(self, session: ReadSession, due: Sequence[Mapping[str, Any]], now: datetime) -> Background:
        ids, units = [row["id"] for row in due], sorted({row["unit_id"] for row in due})
        since = now - rules.WINDOW
        speakers = await unit_store.speakers(session, units, paths=["/"])
        elections = {speaker.election_id for speaker in speakers.values()}
        return Background(
            await seen_store.known(session, ids, since=since - rules.WINDOW),
            await seen_store.ours(session, ids, since=since - rules.OVERLAP),
            await outside_store.candidates(session, units, from_at=since, to_at=now),
            speakers,
            {one: await self.tahapan.calendar(session, one) for one in elections},
        )

    def _judge(
        self, row: Mapping[str, Any], posts: Sequence[RecentPost], ground: Background, now: datetime, judged: Judged
    ) -> None:
        known = {one.remote_id: one for one in ground.known.get(row["id"], ())}
        ours = ground.ours.get(row["id"], ())
        for post in posts:
            at = post.created_at or (known[post.remote_id].posted_at if post.remote_id in known else now)
            delivery_id = rules.own(post.text, at, ours, post.remote_id)
            if delivery_id is None and at > now - rules.SETTLING:
                continue
            sent = next((one["message"].get("text", "") for one in ours if one["id"] == delivery_id), None)
            new = self._seen(row, post, at, now, known.get(post.remote_id))
            new |= self._said(row, post, at, ground, known.get(post.remote_id), sent)
            new["delivery_id"] = delivery_id
            if new["changed_at"] is None and sent is not None and rules.is_changed(sent, post.text):
                new["changed_at"] = now
            judged.rows.append(new)
            before = known.get(post.remote_id)
            if new["is_blocked"] and not (before and before.is_blocked):
                judged.blocking.append(new)
        self._note_missing(row, posts, ground, now, judged)

    def _seen(
        self, row: Mapping[str, Any], post: RecentPost, at: datetime, now: datetime, before: SeenPost | None
    ) -> dict[str, Any]:
        changed = before.changed_at if before else None
        if before and not before.delivery_id and changed is None and rules.is_changed(before.text, post.text):
            changed = now
        return {
            "channel_id": row["id"], "unit_id": row["unit_id"], "platform": row["platform"], "environment": row["environment"],
            "remote_id": post.remote_id, "url": post.url, "text": post.text, "posted_at": at, "seen_at": now,
            "changed_at": changed, "gone_at": None, "delivery_id": None,
        }  # fmt: skip

    def _said(
        self, row: Mapping[str, Any], post: RecentPost, at: datetime, ground: Background, before: SeenPost | None, sent: str | None
    ) -> dict[str, Any]:  # fmt: skip
        """What the guard finds, and which mandatory broadcast it is. Our own words, as sent, have been judged before they left."""
        if before and before.text == post.text:
            return {name: getattr(before, name) for name in ("broadcast_id", "likeness", "findings", "is_blocked")}
        if sent is not None and not rules.is_changed(sent, post.text):
            return {"broadcast_id": None, "likeness": None, "findings": [], "is_blocked": False}
        speaker = ground.speakers.get(row["unit_id"])
        findings: list[Finding] = []
        if speaker is not None:
            findings = check_text(self.guard, post.text, facts_for(speaker, ground.calendars[speaker.election_id], at))
        said = rules.match(post.text, at, ground.candidates.get(row["unit_id"], ())) if sent is None else None
        return {
            "broadcast_id": said[0] if said else None,
            "likeness": said[1] if said else None,
            "findings": [found.as_json() for found in findings],
            "is_blocked": any(found.level is Level.BLOCK and found.counts for found in findings),
        }

    def _note_missing(
        self, row: Mapping[str, Any], posts: Sequence[RecentPost], ground: Background, now: datetime, judged: Judged
    ) -> None:
        """What the list reaches back to and does not hold. A billed platform's list holds only what is new."""
        if row["environment"] == "live" and row["platform"] in rules.POST_PRICE_USD:
            return
        listed = {post.remote_id for post in posts}
        taken = {new["delivery_id"] for new in judged.rows if new["channel_id"] == row["id"]}
        oldest = min((post.created_at for post in posts if post.created_at), default=None)
        reach = now - rules.WINDOW if len(posts) < rules.FEW or oldest is None else oldest
        for one in ground.known.get(row["id"], ()):
            if one.remote_id not in listed and one.gone_at is None and one.posted_at > reach:
                judged.rows.append({**one.model_dump(exclude={"id"}), "gone_at": now})
        seen = {one.delivery_id for one in ground.known.get(row["id"], ())} | taken
        for delivery in ground.ours.get(row["id"], ()):
            at = delivery["published_at"]
            if delivery["state"] != State.PUBLISHED or at is None or not reach < at < now - rules.SETTLING:
                continue
            if delivery["id"] not in taken:
                judged.missing.append(delivery["id"])
                if delivery["id"] not in seen and delivery["remote_id"]:
                    said = RecentPost(delivery["remote_id"], delivery["message"].get("text", ""))
                    new = self._seen(row, said, at, now, None)
                    plain: dict[str, Any] = {
                        "broadcast_id": None,
                        "likeness": None,
                        "findings": [],
                        "is_blocked": False,
                    }
                    judged.rows.append({**new, **plain, "delivery_id": delivery["id"], "gone_at": now})

    async def _write(
        self, due: Sequence[Mapping[str, Any]], told: Sequence[Told], judged: Judged, now: datetime
    ) -> None:
        month = rules.month_of(now)
        plans = []
        for row, answer in zip(due, told, strict=True):
            billed = row["environment"] == "live" and row["platform"] in rules.POST_PRICE_USD
            paid = (row["paid"] or 0) if row["month"] == month else 0
            at = answer.wait or now + rules.every(row["platform"], row["environment"])
            plans.append({
                "channel_id": row["id"], "next_at": at, "month": month, "said": answer.failed,
                "read_at": row["read_at"] if answer.failed else now, "paid": paid + len(answer.posts) * billed,
            })  # fmt: skip
        async with self.db.write() as session:
            await seen_store.put(session, judged.rows)
            await seen_store.plan(session, plans)
            if judged.missing:
                await seen_store.ask_soon(session, judged.missing, now=now)
            await tell(session, [await _event(session, row) for row in judged.blocking], at=now)


async def _event(session: ReadSession, row: Mapping[str, Any]) -> Event:
    ids = await seen_store.ids_of(session, row["channel_id"], [row["remote_id"]])
    why = next((found["reason"] for found in row["findings"] if found["level"] == Level.BLOCK), "")
    detail = {
        "platform": row["platform"], "environment": row["environment"], "channel_id": row["channel_id"], "why": why,
        "ours": row["delivery_id"] is not None,
    }  # fmt: skip
    return Event(EventKind.OUTSIDE_BLOCKED, f"seen:{ids[row['remote_id']]}", row["unit_id"], detail)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
