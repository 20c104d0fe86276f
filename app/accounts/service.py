"""Who is here, how they come in, and what of the house opens for them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts import store, tokens
from app.accounts.entering import end_of, open_session
from app.accounts.idempotency_store import drop_all as drop_all_calls
from app.accounts.models import ApiToken, LoginLink, Membership, Unit, User
from app.accounts.people import (
    INVITATION_HOURS,
    MAX_NAME,
    Held,
    Invited,
    Me,
    Person,
    Purpose,
    TokenView,
    after_id,
    must_hold,
    narrow,
    read_days,
    read_email,
    read_name,
    read_role,
    read_scopes,
    tidy,
    token_view,
)
from app.accounts.proof_store import find_password
from app.accounts.proofs import SUDO_LASTS, Way
from app.accounts.rules import Act, Actor, EnrolFirst, Grant, UnitKind, must_enrol
from app.audit.service import record
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem, Unauthenticated
from app.kit.paging import DEFAULT_LIMIT, Page, cut

SEEN_EVERY = timedelta(minutes=5)
"""Being seen is written at most this often, so that reading stays reading."""

_ASK = "minta tautan baru kepada admin unit Anda"


@dataclass(frozen=True)
class PeopleService:
    """People, their roles, and every way of proving who one is."""

    db: Database
    now: Callable[[], datetime]
    needs_factor: bool = False
    """Whether approvers and admins must have a second factor: in production; a training stays simple."""

    async def add_user(self, *, email: str, name: str, unit_id: int, role: str, by: str) -> User:
        """The person with this address, now holding `role` at the unit; once more changes the role, not the person.

        Raises BadInput for nonsense or an unknown unit, Conflict for a deactivated person.
        """
        async with self.db.write() as session:
            unit = await store.find_unit(session, unit_id)
            if unit is None:
                raise BadInput(f"Unit {unit_id} tidak ada. Periksa nomor unitnya.", Problem("unit_id", "tidak ada"))
            return await self.join(session, email=email, name=name, at=_grant(unit, role), by=by)

    async def invite(
        self, actor: Actor, *, email: str, name: str, unit_id: int, role: str, hours: float = INVITATION_HOURS
    ) -> Invited:
        """Like `add_user`, for an admin; also makes the invitation link, unless it would open somebody else's house.

        Raises NotFound for a unit out of sight, Forbidden for a role wider than the admin's own.
        """
        actor.must_prove()
        async with self.db.write() as session:
            return await self.let_in(session, actor, email=email, name=name, unit_id=unit_id, role=role, hours=hours)

    async def let_in(
        self,
        session: WriteSession,
        actor: Actor,
        *,
        email: str,
        name: str,
        unit_id: int,
        role: str,
        hours: float = INVITATION_HOURS,
    ) -> Invited:
        """`invite` within the caller's transaction; the caller has asked for proof."""
        at = _grant(await managed_unit(session, actor, unit_id), role)
        must_hold(actor, at)
        user = await self.join(session, email=email, name=name, at=at, by=actor.label)
        grants = await store.grants_of(session, _id(user))
        # Whoever holds a link becomes that person; a PPK's admin must not become a KPU's by inviting one.
        ours = all(actor.may(Act.MANAGE, grant.path) for grant in grants)
        link = await self.new_link(session, _id(user), Purpose.INVITE, hours) if ours else None
        held = await store.memberships_in(session, [_id(user)], actor.paths(Act.MANAGE))
        return Invited(_person(user, held), link)

    async def set_active(self, user_id: int, *, active: bool, by: str) -> User:
        """Deactivating ends every session at once and silences every token; nothing is deleted."""
        async with self.db.write() as session:
            user = await _known_user(session, user_id)
            user.is_active = active
            if not active:
                await store.end_sessions_of(session, user_id, now=self.now())
            action = "user.activate" if active else "user.deactivate"
            await record(session, at=self.now(), actor=by, action=action, subject=f"user:{user_id}")
            return user

    async def list_users(self, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Person]:
        """People with a role where the actor manages, and just those roles; Forbidden for who manages nothing."""
        actor.must(Act.MANAGE)
        paths = actor.paths(Act.MANAGE)
        async with self.db.read() as session:
            users = await store.users_in(session, paths, limit=limit + 1, after=after_id(cursor))
            held = await store.memberships_in(session, [_id(user) for user in users], paths)
        people = [_person(user, [one for one in held if one.user_id == user.id]) for user in users]
        return cut(people, limit, lambda person: [person.id])

    async def person(self, actor: Actor, user_id: int) -> Person:
        """One of those in `list_users`; raises NotFound."""
        async with self.db.read() as session:
            held = await store.memberships_in(session, [user_id], actor.paths(Act.MANAGE))
            if not held:
                raise NotFound("Orang ini tidak ada, atau di luar wilayah tugas Anda.")
            return _person(await _known_user(session, user_id), held)

    async def me(self, actor: Actor) -> Me:
        async with self.db.read() as session:
            return Me(await _known_user(session, actor.user_id), actor.grants)

    async def actor_of(self, user_id: int) -> Actor:
        """The person unnarrowed, for the program's own use; raises NotFound when unknown or deactivated."""
        async with self.db.read() as session:
            user = await _known_user(session, user_id)
            if not user.is_active:
                raise NotFound("Orang ini sudah dinonaktifkan.")
            grants = await store.grants_of(session, user_id)
            return Actor(user_id, user.name, grants, over=await store.over_paths(session, grants))

    async def names(self, labels: Iterable[str]) -> dict[str, str]:
        """Names by `Actor.label`, of people whose deeds the caller may see; what is no person's label is left out."""
        numbers = {label: int(label[5:]) for label in set(labels) if label.startswith("user:") and label[5:].isdigit()}
        async with self.db.read() as session:
            known = await store.names_of(session, set(numbers.values()))
        return {label: known[number] for label, number in numbers.items() if number in known}

    async def find_user_by_email(self, email: str) -> User | None:
        async with self.db.read() as session:
            return await store.find_user_by_email(session, email.strip().lower())

    async def first_admin(self) -> User | None:
        async with self.db.read() as session:
            return await store.first_admin(session)

    async def has_other_admin(self, user_id: int) -> bool:
        """Would the root still have an active admin without this person?"""
        async with self.db.read() as session:
            return await store.first_admin(session, but=user_id) is not None

    async def any_user(self) -> bool:
        async with self.db.read() as session:
            return await store.any_user(session)

    async def make_link(self, user_id: int, *, purpose: str, hours: float) -> str:
        """The secret of a one-time link, kept only as a hash; NotFound for an unknown or deactivated person."""
        async with self.db.write() as session:
            user = await _known_user(session, user_id)
            if not user.is_active:
                raise NotFound("Orang ini sudah dinonaktifkan; aktifkan dulu sebelum membuat tautan.")
            return await self.new_link(session, user_id, Purpose(purpose), hours)

    async def owner_of_link(self, secret: str) -> User:
        """Whose link this is, consuming nothing; raises like `use_link`."""
        async with self.db.read() as session:
            return await self._good_link(session, secret)

    async def peek_link(self, secret: str) -> str:
        """Whose link this is, consuming nothing: chat apps fetch addresses before people do. Raises like `use_link`."""
        return (await self.owner_of_link(secret)).name

    async def use_link(self, secret: str, *, device: str) -> str:
        """Consumes the link, answers the secret of a new session; raises Unauthenticated saying what to do."""
        secret_hash, now = tokens.hash_of(secret), self.now()
        async with self.db.write() as session:
            user = await self._good_link(session, secret)
            if not await store.consume_link(session, secret_hash, now=now):
                raise Unauthenticated(f"Tautan ini baru saja dipakai; {_ASK}.")
            user_id = _id(user)
            has_proof = user.has_factor or await find_password(session, user_id) is not None
            # A link that its parent unit made is a proof of its own: nobody could change anything otherwise.
            return await open_session(session, user_id, device=device, way=Way.LINK, proves=has_proof, now=now)

    async def forget_ways_in(self, session: WriteSession) -> None:
        """After a restore: a link that was used since the backup must not open a second time, nor an old answer be replayed."""
        await store.end_unused_links(session, now=self.now())
        await drop_all_calls(session)

    async def actor_by_session(self, secret: str, *, enrolling: bool = False) -> Actor:
        """Raises Unauthenticated for a session that is unknown, ended, unseen for 30 days, or 90 days old.

        EnrolFirst for an approver or admin without a second factor, unless they are about to set it up (`enrolling`).
        """
        now = self.now()
        async with self.db.read() as session:
            found = await store.find_session(session, tokens.hash_of(secret))
            if found is None or found[0].ended_at or found[0].expires_at <= now or not found[1].is_active:
                raise Unauthenticated(f"Sesi Anda sudah berakhir. Masuk lagi dengan tautan; bila tidak punya, {_ASK}.")
            entry, user = found
            grants = await store.grants_of(session, _id(user))
            over = await store.over_paths(session, grants)
        if self.needs_factor and not enrolling and must_enrol(grants, has_factor=user.has_factor):
            raise EnrolFirst("Pasang dulu verifikasi dua langkah: peran Anda menyetujui atau mengatur.")
        is_proved = entry.proved_at is None or now - entry.proved_at < SUDO_LASTS
        actor = Actor(_id(user), user.name, grants, is_proved=is_proved, over=over)
        if entry.id is not None and now - entry.seen_at >= SEEN_EVERY:
            async with self.db.write() as session:
                await store.touch_session(session, entry.id, now=now, expires_at=end_of(entry.created_at, seen_at=now))
        return actor

    async def end_session(self, secret: str) -> None:
        """Logging out; an unknown or ended session is already what was wanted."""
        async with self.db.write() as session:
            await store.end_session(session, tokens.hash_of(secret), now=self.now())

    async def actor_by_token(self, token: str) -> Actor:
        """The person narrowed to the token's unit and scopes; raises Unauthenticated.

        A wrong checksum is refused without asking the database: guesses and typing errors cost nothing.
        """
        if not tokens.is_token(token):
            raise Unauthenticated("Token API tidak dikenal. Salin tokennya utuh, dari ktg_ sampai huruf terakhir.")
        now = self.now()
        async with self.db.read() as session:
            found = await store.find_token(session, tokens.hash_of(token))
            if found is None or found[0].revoked_at or found[0].expires_at <= now or not found[1].is_active:
                raise Unauthenticated("Token API ini tidak berlaku lagi. Buat token baru, lalu ganti yang lama.")
            key, user, unit = found
            grants = narrow(await store.grants_of(session, _id(user)), _grant(unit))
            over = await store.over_paths(session, grants)
        if key.id is not None and (key.seen_at is None or now - key.seen_at >= SEEN_EVERY):
            async with self.db.write() as session:
                await store.touch_token(session, key.id, now=now)
        return Actor(_id(user), user.name, grants, frozenset(Act(scope) for scope in key.scopes), over=over)

    async def add_token(
        self, *, user_id: int, unit_id: int, scopes: Sequence[Act] | None, days: int, name: str = ""
    ) -> str:
        """A token for this person, shown this once; `scopes` None: all the person may do.

        Raises NotFound for an unknown person, BadInput for a unit outside the person's reach.
        """
        async with self.db.write() as session:
            user = await _known_user(session, user_id)
            unit = await store.find_unit(session, unit_id)
            reach = [grant.path for grant in await store.grants_of(session, user_id)]
            if unit is None or not any(unit.path.startswith(path) for path in reach):
                sentence = f"Token harus untuk unit tempat {user.name} bertugas, atau unit di bawahnya."
                raise BadInput(sentence, Problem("unit_id", "di luar tugas orang ini"))
            token, _key = await self._new_token(
                session, user_id, unit, scopes=read_scopes(scopes), days=days, name=name
            )
            return token

    async def issue_token(
        self, actor: Actor, *, unit_id: int, scopes: Sequence[Act] | None, days: int, name: str = ""
    ) -> tuple[str, TokenView]:
        """A token for the actor's own use, never wider than what the actor came with."""
        actor.must_prove()
        wanted = read_scopes(scopes, held=actor.scopes)
        async with self.db.write() as session:
            unit = await managed_unit(session, actor, unit_id)
            token, key = await self._new_token(session, actor.user_id, unit, scopes=wanted, days=days, name=name)
        return token, token_view(key)

    async def list_tokens(
        self, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[TokenView]:
        """Tokens of the units the actor manages, and the person's own ones."""
        async with self.db.read() as session:
            paths, owner = actor.paths(Act.MANAGE), _owner(actor)
            rows = await store.tokens_for(session, paths, owner=owner, limit=limit + 1, after=after_id(cursor))
        return cut([token_view(row) for row in rows], limit, lambda view: [view.id])

    async def revoke_token(self, actor: Actor, token_id: int) -> None:
        """From now on the token opens nothing; raises NotFound for a token that is not the actor's to see."""
        async with self.db.write() as session:
            key = await store.find_token_of(session, token_id, actor.paths(Act.MANAGE), owner=_owner(actor))
            if key is None:
                raise NotFound("Token ini tidak ada, atau bukan wewenang Anda.")
            if key.revoked_at is None:
                key.revoked_at = self.now()
                await record(
                    session, at=self.now(), actor=actor.label, action="token.revoke", subject=f"token:{token_id}"
                )

    async def join(self, session: WriteSession, *, email: str, name: str, at: Grant, by: str) -> User:
        """`add_user` within the caller's transaction."""
        address, clean = read_email(email), read_name(name)
        user = await store.find_user_by_email(session, address)
        if user is None:
            user = User(email=address, name=clean, created_at=self.now())
            session.add(user)
            await session.flush()
        elif not user.is_active:
            raise Conflict(f"{user.name} sudah dinonaktifkan. Aktifkan dulu, baru beri peran.")
        held = await store.find_membership(session, _id(user), at.unit_id)
        if held is not None and held.role == at.role and held.ends_on is None:
            return user
        held = held or Membership(user_id=_id(user), unit_id=at.unit_id, role=at.role)
        held.role, held.ends_on = at.role, None
        session.add(held)
        detail = {"unit_id": at.unit_id, "role": str(at.role)}
        await record(session, at=self.now(), actor=by, action="user.grant", subject=f"user:{user.id}", detail=detail)
        await session.flush()
        return user

    async def new_link(self, session: WriteSession, user_id: int, purpose: Purpose, hours: float) -> str:
        if hours <= 0:
            raise BadInput("Masa berlaku tautan harus lebih dari 0 jam.", Problem("hours", "lebih dari 0"))
        secret = tokens.new_secret()
        expires_at = self.now() + timedelta(hours=hours)
        session.add(
            LoginLink(user_id=user_id, purpose=purpose, secret_hash=tokens.hash_of(secret), expires_at=expires_at)
        )
        return secret

    async def _good_link(self, session: ReadSession, secret: str) -> User:
        found = await store.find_link(session, tokens.hash_of(secret))
        if found is None:
            raise Unauthenticated(f"Tautan ini tidak dikenal. Salin tautannya utuh, atau {_ASK}.")
        link, user = found
        if link.used_at is not None:
            raise Unauthenticated(f"Tautan ini sudah dipakai dan hanya berlaku sekali; {_ASK}.")
        if link.expires_at <= self.now():
            raise Unauthenticated(f"Tautan ini sudah kedaluwarsa; {_ASK}.")
        if not user.is_active:
            raise Unauthenticated("Akun Anda dinonaktifkan. Hubungi admin unit Anda.")
        return user

    async def _new_token(
        self, session: WriteSession, user_id: int, unit: Unit, *, scopes: list[str], days: int, name: str
    ) -> tuple[str, ApiToken]:
        token, now = tokens.new_token(), self.now()
        key = ApiToken(
            user_id=user_id,
            unit_id=_id(unit),
            name=tidy(name, MAX_NAME),
            hint=tokens.hint(token),
            secret_hash=tokens.hash_of(token),
            scopes=scopes,
            created_at=now,
            expires_at=now + timedelta(days=read_days(days)),
        )
        session.add(key)
        await session.flush()
        detail = {"unit_id": unit.id, "scopes": scopes, "hint": key.hint}
        await record(
            session, at=now, actor=f"user:{user_id}", action="token.add", subject=f"token:{key.id}", detail=detail
        )
        return token, key


async def _known_user(session: ReadSession, user_id: int) -> User:
    user = await store.find_user(session, user_id)
    if user is None:
        raise NotFound("Orang ini tidak ada.")
    return user


async def managed_unit(session: ReadSession, actor: Actor, unit_id: int) -> Unit:
    """A unit whose people the actor manages; raises NotFound, Forbidden."""
    unit = await store.find_unit(session, unit_id, paths=actor.paths(Act.READ) + actor.paths(Act.MANAGE))
    if unit is None:
        raise NotFound("Unit ini tidak ada, atau di luar wilayah tugas Anda.")
    if actor.is_archived(unit.path):
        actor.must(Act.MANAGE, unit.path)
    if not actor.may(Act.MANAGE, unit.path):
        raise Forbidden("Peran Anda belum boleh mengatur orang dan token di unit ini. Minta admin unit di atas Anda.")
    return unit


def _id(row: User | Unit) -> int:
    assert row.id is not None
    return row.id


def _owner(actor: Actor) -> int | None:
    """Only a person at a screen sees their own tokens everywhere; a token sees what its MANAGE scope shows."""
    return actor.user_id if actor.scopes is None else None


def _grant(unit: Unit, role: str = "viewer") -> Grant:
    return Grant(_id(unit), UnitKind(unit.kind), unit.path, read_role(role))


def _person(user: User, held: Sequence[Membership]) -> Person:
    roles = tuple(Held(one.unit_id, one.role, one.is_deputy, one.ends_on) for one in held)
    return Person(_id(user), user.name, user.email, user.is_active, roles)
