"""The secret address under which a calendar program reads a person's calendar: one per person, ended at once when it is taken back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from app.accounts import calendar_store as store
from app.accounts import tokens
from app.accounts.rules import Act, Actor
from app.accounts.service import PeopleService
from app.audit.service import record
from app.kit.db import Database, WriteSession
from app.kit.errors import Forbidden, NotFound

_GONE = "Alamat kalender ini tidak berlaku. Buat alamat baru di halaman Kalender."


@dataclass
class CalendarKeyService:
    db: Database
    now: Callable[[], datetime]
    people: PeopleService

    async def made_at(self, actor: Actor) -> datetime | None:
        """When the actor's address was made; None without one."""
        async with self.db.read() as session:
            found = await store.find(session, actor.user_id)
        return found.created_at if found else None

    async def make(self, actor: Actor) -> str:
        """A new secret, shown this once; the former one ends. Raises Forbidden for a token: the address shows all its person sees."""
        if actor.scopes is not None:
            raise Forbidden("Alamat kalender hanya dapat dibuat oleh orangnya sendiri, sesudah masuk.")
        actor.must_prove()
        secret = tokens.new_secret()
        async with self.db.write() as session:
            await store.put(session, actor.user_id, tokens.hash_of(secret), now=self.now())
            await self._note(session, actor, "calendar.open")
        return secret

    async def revoke(self, actor: Actor) -> None:
        """Ends the address, if there is one."""
        async with self.db.write() as session:
            await store.drop(session, actor.user_id)
            await self._note(session, actor, "calendar.close")

    async def reader(self, secret: str) -> Actor:
        """Whose calendar it opens: that person, who may only read. Raises NotFound, also for one who was deactivated."""
        async with self.db.read() as session:
            user_id = await store.owner(session, tokens.hash_of(secret))
        if user_id is None:
            raise NotFound(_GONE)
        actor = await self.people.actor_of(user_id)
        return replace(actor, scopes=frozenset({Act.READ}), is_proved=False)

    async def _note(self, session: WriteSession, actor: Actor, action: str) -> None:
        subject = f"user:{actor.user_id}"
        await record(session, at=self.now(), actor=actor.label, action=action, subject=subject)
