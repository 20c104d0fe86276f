"""How a unit's social account is joined, mended and let go; nobody else opens a credential."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.events import Event, EventKind
from app.audit.service import record, tell
from app.channels import keep_store, rules, store
from app.channels.models import Channel
from app.channels.rules import Environment, State
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem, Unavailable
from app.kit.logs import logger, redact
from app.kit.paging import Page, cut
from app.kit.seal import Seal, Unreadable
from app.platforms.connecting import Candidate
from app.platforms.contract import Account, Adapter, NeedsReconnect, TryLater

log = logger("channels")

OnState = Callable[[WriteSession, int, str], Awaitable[None]]
"""Told (session, channel_id, new state) inside the transaction that changes it."""


@dataclass
class ChannelService:
    """Channels of units.

    `bases` answers the address of (platform, environment). `on_state` hears every change made here, so that what waits
    for a channel can be released or cancelled with it; `needs_reconnect` is called by those listeners and tells nobody.
    """

    db: Database
    seal: Seal
    now: Callable[[], datetime]
    platforms: Mapping[str, Adapter]
    bases: Callable[[str, str], str]
    version: str
    on_state: list[OnState] = field(default_factory=list)
    allow_private: bool = False
    """Tests and training: a channel's own server may be on this machine."""
    doubt_for: timedelta = timedelta(seconds=3)
    """Before a refused credential is asked about: long enough for an outage of the platform to show itself."""

    async def list(
        self,
        actor: Actor,
        *,
        unit: int | None = None,
        platform: str | None = None,
        environment: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Channel]:
        """Channels of the units the actor may see; `unit` names one unit, without those beneath it."""
        async with self.db.read() as session:
            wanted = store.Wanted(unit_id=unit, platform=platform, environment=environment)
            rows = await store.page(session, actor.paths(Act.READ), wanted, after=after_id(cursor), limit=limit + 1)
        return cut(rows, limit, lambda row: [row.id])

    async def get(self, actor: Actor, channel_id: int) -> Channel:
        async with self.db.read() as session:
            channel, _path = await _visible(session, actor, channel_id)
            return channel

    async def add(
        self,
        actor: Actor,
        *,
        unit_id: int,
        platform: str,
        environment: str,
        handle: str,
        credential: Mapping[str, str] | str | None = None,
        base_url: str = "",
    ) -> Channel:
        """Joins an account. One closed earlier is opened again as the same channel, so its history stays in one place.

        Raises NotFound for a unit out of sight, Forbidden, BadInput, and Conflict for an account already joined.
        """
        actor.must_prove()
        rules.read_platform(platform, self.platforms)
        kind, name = rules.read_environment(environment), rules.read_handle(handle)
        if getattr(self.platforms[platform], "by_hand", False):
            rules.must_go_by_hand(kind, self.platforms[platform].title)
        opened = rules.read_credential(credential, environment=kind, platform=platform, handle=name)
        own_server = kind is Environment.LIVE and bool(getattr(self.platforms[platform], "own_server", False))
        address = rules.read_base_url(base_url, allowed=own_server, allow_private=self.allow_private)
        if kind is Environment.LIVE and not (address or self.bases(platform, kind)):
            raise BadInput(
                "Platform ini ada di banyak peladen: isi alamat peladen akun ini, misalnya https://contoh.id.",
                Problem("base_url", "wajib diisi"),
            )
        async with self.db.write() as session:
            await _must_manage(session, actor, unit_id)
            channel = await store.find_same(session, platform=platform, environment=kind, handle=name)
            if channel is not None and channel.state != State.CLOSED:
                raise Conflict(f"Akun {name} di {platform} sudah tersambung.", Problem("handle", "sudah tersambung"))
            channel = channel or Channel(
                unit_id=unit_id, platform=platform, environment=kind, handle=name, created_at=self.now()
            )
            channel.unit_id, channel.handle, channel.base_url = unit_id, name, address
            channel.sealed = self.seal.seal(opened) if opened else ""
            channel.state, channel.state_reason, channel.checked_at = State.CONNECTED, "", None
            channel.ends_on = None
            self._forget_life(channel)
            await store.save(session, channel)
            await self.note(session, actor, "channel.connect", channel)
            await self.announce(session, channel)
        return channel

    async def must_join(self, actor: Actor, unit_id: int, channel_id: int | None) -> None:
        """Raises NotFound or Forbidden before anybody is sent to a platform in vain; Conflict for a closed channel."""
        actor.must_prove()
        async with self.db.read() as session:
            await _must_manage(session, actor, unit_id)
            if channel_id is not None:
                channel = await managed(session, actor, channel_id)
                rules.must_be_open(channel.state)

    async def same_account(self, actor: Actor, channel_id: int, found: Sequence[Candidate]) -> Candidate:
        """The account of this channel among those a person has opened; raises Conflict naming what they opened instead."""
        async with self.db.read() as session:
            channel = await managed(session, actor, channel_id)
        for candidate in found:
            is_same = candidate.account_id == channel.account_id if channel.account_id else False
            if is_same or (not channel.account_id and candidate.handle.lower() == channel.handle.lower()):
                return candidate
        if channel.environment == Environment.MANUAL and len(found) == 1:
            return found[0]  # a hand-off is called whatever its person typed
        opened = ", ".join(f"@{each.handle}" for each in found)
        raise Conflict(
            f"Anda masuk sebagai {opened}, padahal yang disambungkan ulang @{channel.handle}. "
            "Keluar dari akun itu di platformnya, masuk sebagai akun yang benar, lalu ulangi."
        )

    async def join(
        self,
        actor: Actor,
        *,
        unit_id: int,
        platform: str,
        environment: Environment,
        candidate: Candidate,
        channel_id: int | None = None,
    ) -> Channel:
        """Joins the account that a platform has named, or joins it again with queue and history as they are.

        Raises NotFound, Forbidden, and Conflict for an account that speaks for another unit.
        """
        async with self.db.write() as session:
            await _must_manage(session, actor, unit_id)
            if channel_id is not None:
                channel = await managed(session, actor, channel_id)
                rules.must_be_open(channel.state)
                if channel.environment == Environment.MANUAL:
                    await self._must_be_unknown(session, channel, environment, candidate)
                    channel.environment = environment
            else:
                channel = await self._place_for(session, unit_id, platform, environment, candidate)
            self._adopt(channel, candidate, by=actor)
            await store.save(session, channel)
            await self.note(session, actor, "channel.connect", channel, by_consent=True)
            await self.announce(session, channel)
        return channel

    async def _must_be_unknown(
        self, session: WriteSession, channel: Channel, environment: Environment, candidate: Candidate
    ) -> None:
        """A hand-off that goes live must not become a second channel of one account."""
        known = await store.find_account(
            session, platform=channel.platform, environment=environment, candidate=candidate
        )
        if known is not None and known.id != channel.id:
            raise Conflict(
                f"Akun @{known.handle} sudah tercatat sebagai akun lain. Pakai akun itu, dan tutup yang ini."
            )

    async def _place_for(
        self, session: WriteSession, unit_id: int, platform: str, environment: Environment, candidate: Candidate
    ) -> Channel:
        """The channel this account already is (its unit's, or closed), else a new one."""
        known = await store.find_account(session, platform=platform, environment=environment, candidate=candidate)
        if known is not None and known.state != State.CLOSED and known.unit_id != unit_id:
            raise Conflict(
                f"Akun @{known.handle} sudah tersambung sebagai akun unit lain.", Problem("handle", "sudah tersambung")
            )
        channel = known or Channel(
            unit_id=unit_id,
            platform=platform,
            environment=environment,
            handle=candidate.handle,
            created_at=self.now(),
        )
        channel.unit_id = unit_id
        return channel

    def _adopt(self, channel: Channel, candidate: Candidate, *, by: Actor) -> None:
        """Everything that a consent brings. A pause set by a person outlives it."""
        now = self.now()
        channel.ends_on = None if channel.state == State.CLOSED else channel.ends_on  # a new term begins
        channel.handle = candidate.handle if rules.is_handle(candidate.handle) else candidate.account_id
        channel.account_id, channel.connected_by = candidate.account_id, by.user_id
        channel.sealed = self.seal.seal(candidate.credential)
        if channel.environment == Environment.LIVE:
            channel.base_url = candidate.base_url
        channel.token_ends_at, channel.expires_at = candidate.life.token_ends_at, candidate.life.expires_at
        channel.renewed_at, channel.checked_at, channel.warned_at, channel.suspected_at = now, now, None, None
        channel.tended_by, channel.tending_ends_at = "", None
        channel.check_at = rules.next_check(
            now=now, environment=channel.environment, token_ends_at=channel.token_ends_at
        )
        if channel.state != State.PAUSED:
            channel.state = State.CONNECTED
        channel.state_reason = ""

    async def edit(
        self,
        actor: Actor,
        channel_id: int,
        *,
        handle: str | None = None,
        credential: Mapping[str, str] | str | None = None,
        state: str | None = None,
    ) -> Channel:
        """Renames, pauses, resumes, or gives a new credential, which also mends a channel that needed reconnecting.

        Raises Conflict for a closed channel or a name already joined.
        """
        wanted = rules.read_state(state) if state is not None else None
        async with self.db.write() as session:
            channel = await managed(session, actor, channel_id)
            rules.must_be_open(channel.state)
            if credential is not None or handle is not None:
                actor.must_prove()
            rules.must_be_safe(wanted, hacked_at=channel.hacked_at)
            before = channel.state
            if handle is not None:
                await self._rename(session, channel, rules.read_handle(handle))
                if channel.environment == Environment.PRACTICE and credential is None:
                    credential = rules.practice_credential(channel.platform, channel.handle)
            if credential is not None:
                kind = Environment(channel.environment)
                opened = rules.read_credential(
                    credential, environment=kind, platform=channel.platform, handle=channel.handle
                )
                channel.sealed = self.seal.seal(opened) if opened else ""
                self._forget_life(channel)
            channel.state = rules.after_edit(before, wanted=wanted, has_new_credential=credential is not None)
            if channel.state != State.NEEDS_RECONNECT:
                channel.state_reason = ""
            if channel.state == State.CONNECTED and channel.check_at is None:
                kind = Environment(channel.environment)
                channel.check_at = rules.first_check(
                    now=self.now(), environment=kind, token_ends_at=channel.token_ends_at
                )
            await store.save(session, channel)
            await self.note(session, actor, "channel.edit", channel, new_credential=credential is not None)
            if channel.state != before:
                await self.announce(session, channel)
        return channel

    async def close(self, actor: Actor, channel_id: int) -> Channel:
        """Ends the channel and forgets its credential; what it published stays. A second call changes nothing."""
        async with self.db.write() as session:
            channel = await managed(session, actor, channel_id)
            if channel.state != State.CLOSED:
                rules.must_be_safe(State.CONNECTED, hacked_at=channel.hacked_at)
                await self.end(session, channel)
                await self.note(session, actor, "channel.close", channel)
        return channel

    async def end(self, session: WriteSession, channel: Channel, *, reason: str = "") -> None:
        """Closes it, and what hangs on it hears of that."""
        channel.state, channel.state_reason, channel.sealed, channel.hacked_at = State.CLOSED, reason, "", None
        self._forget_life(channel)
        channel.check_at = None
        await store.save(session, channel)
        await self.announce(session, channel)

    async def check(self, actor: Actor, channel_id: int) -> Channel:
        """Asks the platform whether the credential still works, and keeps the answer; nothing is published.

        Raises Unavailable when the platform could not answer, Conflict for a closed channel.
        """
        async with self.db.read() as session:
            channel = await managed(session, actor, channel_id)
        rules.must_be_open(channel.state)
        if channel.environment == Environment.MANUAL:
            return channel
        reason = await self._ask(channel)
        async with self.db.write() as session:
            fresh = await managed(session, actor, channel_id)
            if fresh.sealed != channel.sealed or fresh.state == State.CLOSED:
                return fresh  # the answer is about a credential that is no longer ours
            before = fresh.state
            fresh.state, fresh.state_reason = (
                rules.after_check(before, works=not reason or fresh.hacked_at is not None),
                reason,
            )
            fresh.checked_at, fresh.suspected_at = self.now(), None
            fresh.check_at = (
                None
                if reason
                else rules.next_check(now=self.now(), environment=fresh.environment, token_ends_at=fresh.token_ends_at)
            )
            await store.save(session, fresh)
            if fresh.state != before:
                await self.note(session, actor, "channel.check", fresh)
                await self.announce(session, fresh)
                if fresh.state == State.NEEDS_RECONNECT:
                    await self._tell_broken(session, fresh, reason, by=actor.user_id)
        return fresh

    async def accounts_for(self, session: ReadSession, channel_ids: Sequence[int]) -> dict[int, Account]:
        """Opened credentials for sending; a channel without one (manual, closed, lost key) is left out."""
        accounts: dict[int, Account] = {}
        for channel in await store.sealed_of(session, channel_ids):
            account = self._account(channel)
            if account is not None:
                accounts[channel.id] = account
        return accounts

    async def needs_reconnect(self, session: WriteSession, channel_id: int, reason: str) -> bool:
        """Records that the platform refused the credential; True for the one call that changed the state."""
        is_new = await store.break_connected(session, channel_id, redact(reason))
        if is_new:
            for channel in await store.with_ids(session, [channel_id]):
                await self._tell_broken(session, channel, redact(reason))
        return is_new

    async def suspect(self, session: WriteSession, channel_id: int, *, since: datetime) -> bool:
        """A call begun at `since` was refused in a way that may pass: a worker asks again in a moment.

        False where the credential was renewed after that call began: there is nothing to doubt.
        """
        now = self.now()
        return await keep_store.suspect(session, channel_id, now=now, check_at=now + self.doubt_for, since=since)

    async def check_soon(self, session: WriteSession, channel_ids: Sequence[int]) -> None:
        await keep_store.check_soon(session, channel_ids, now=self.now())

    async def put_off_checks(self, session: WriteSession, *, platform: str, environment: str, until: datetime) -> None:
        await keep_store.put_off(session, platform=platform, environment=environment, until=until)

    async def speaks_again(self, session: WriteSession, channel: Channel) -> None:
        """After a doubt: tells the listeners, unless a person has paused it meanwhile."""
        if channel.state == State.CONNECTED:
            await self.announce(session, channel)

    async def falls_silent(self, session: WriteSession, channel: Channel, reason: str) -> None:
        """Tells listeners and people that only a person can help; the row says so already."""
        for listener in self.on_state:
            await listener(session, channel.id or 0, State.NEEDS_RECONNECT)
        await self._tell_broken(session, channel, reason)

    async def add_practice(
        self, session: WriteSession, *, units: Sequence[tuple[int, str]], platforms: Sequence[str]
    ) -> int:
        """A practice channel for each (unit id, handle) on each platform without one; answers how many are new."""
        for platform in platforms:
            rules.read_platform(platform, self.platforms)
        named = [(unit_id, rules.read_handle(handle)) for unit_id, handle in units]
        taken = await store.practice_taken(session, [handle for _unit_id, handle in named])
        rows = [
            self._practice_row(unit_id, platform, handle)
            for unit_id, handle in named
            for platform in platforms
            if (platform, handle) not in taken
        ]
        await session.insert_many(Channel, rows)
        return len(rows)

    def _practice_row(self, unit_id: int, platform: str, handle: str) -> dict[str, object]:
        return {
            "unit_id": unit_id,
            "platform": platform,
            "environment": Environment.PRACTICE,
            "handle": handle,
            "state": State.CONNECTED,
            "state_reason": "",
            "sealed": self.seal.seal(rules.practice_credential(platform, handle)),
            "base_url": "",
            "created_at": self.now(),
            "account_id": "",
            "tended_by": "",
        }

    async def ask(self, channel: Channel) -> None:
        """Does the credential work? Raises NeedsReconnect, TryLater."""
        account = self._account(channel)
        if account is None:
            raise NeedsReconnect("Kredensial tidak dapat dibuka lagi. Sambungkan ulang akun ini.", code="sealed")
        await self.platforms[channel.platform].check(account)

    async def _ask(self, channel: Channel) -> str:
        """Why the channel does not work, in words; empty when it does."""
        try:
            await self.ask(channel)
        except NeedsReconnect as error:
            return redact(error.message)
        except TryLater as error:
            raise Unavailable(
                f"{channel.platform} belum dapat ditanya: {redact(error.message)}. Coba lagi nanti."
            ) from error
        return ""

    def _account(self, channel: Channel | store.Sealed) -> Account | None:
        if not channel.sealed:
            return None
        try:
            credential = self.seal.open(channel.sealed)
        except Unreadable:
            log.warning("credential unreadable", channel_id=channel.id, platform=channel.platform)
            return None
        base_url = channel.base_url or self.bases(channel.platform, channel.environment)
        guarded = bool(channel.base_url) and not self.allow_private
        return Account(base_url, channel.handle, credential, self.version, guarded, ends_at=channel.token_ends_at)

    def _forget_life(self, channel: Channel) -> None:
        """A pasted credential says nothing of when it ends."""
        channel.token_ends_at = channel.expires_at = channel.renewed_at = channel.warned_at = None
        channel.suspected_at = None
        channel.tended_by, channel.tending_ends_at = "", None
        kind = Environment(channel.environment)
        channel.check_at = rules.first_check(now=self.now(), environment=kind, token_ends_at=None)

    async def _rename(self, session: WriteSession, channel: Channel, handle: str) -> None:
        same = await store.find_same(session, platform=channel.platform, environment=channel.environment, handle=handle)
        if same is not None and same.id != channel.id:
            raise Conflict(
                f"Akun {handle} di {channel.platform} sudah tersambung.", Problem("handle", "sudah tersambung")
            )
        channel.handle = handle

    async def note(self, session: WriteSession, actor: Actor, action: str, channel: Channel, **more: bool) -> None:
        detail = {
            "unit_id": channel.unit_id,
            "platform": channel.platform,
            "handle": channel.handle,
            "state": str(channel.state),
            **more,
        }
        await record(
            session,
            at=self.now(),
            actor=actor.label,
            action=action,
            subject=f"channel:{channel.id}",
            detail=detail,
        )

    async def _tell_broken(
        self, session: WriteSession, channel: Channel, reason: str, *, by: int | None = None
    ) -> None:
        """Once for each time a channel breaks, however many deliveries find out."""
        detail = {
            "platform": channel.platform,
            "environment": channel.environment,
            "handle": channel.handle,
            "reason": reason,
            "by": by,
        }
        event = Event(EventKind.CHANNEL_BROKEN, f"channel:{channel.id}", channel.unit_id, detail)
        await tell(session, [event], at=self.now())

    async def announce(self, session: WriteSession, channel: Channel) -> None:
        assert channel.id is not None
        for listener in self.on_state:
            await listener(session, channel.id, channel.state)


async def _visible(session: ReadSession, actor: Actor, channel_id: int) -> tuple[Channel, str]:
    found = await store.find(session, channel_id, actor.paths(Act.READ) + actor.paths(Act.MANAGE))
    if found is None:
        raise NotFound("Akun ini tidak ada, atau di luar wilayah tugas Anda.")
    return found


async def managed(session: ReadSession, actor: Actor, channel_id: int) -> Channel:
    channel, path = await _visible(session, actor, channel_id)
    actor.must(Act.MANAGE, path)
    return channel


async def _must_manage(session: ReadSession, actor: Actor, unit_id: int) -> None:
    path = await store.find_unit_path(session, unit_id, actor.paths(Act.READ) + actor.paths(Act.MANAGE))
    if path is None:
        raise NotFound("Unit ini tidak ada, atau di luar wilayah tugas Anda.")
    actor.must(Act.MANAGE, path)
