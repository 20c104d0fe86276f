"""How people prove who they are beyond a link: passwords, six digits, recovery codes; and which screens are open in their name."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts import proof_store as proofs_of
from app.accounts import proofs, store, tokens
from app.accounts.entering import open_session
from app.accounts.models import Factor, LoginSession, LoginStep, Password, RecoveryCode, User
from app.accounts.people import INVITATION_HOURS, Purpose
from app.accounts.proofs import Entered, HalfWay, Kind, Way, Wrong
from app.accounts.rules import Act, Actor, may_reset
from app.accounts.service import PeopleService
from app.audit.service import record
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem, Unauthenticated
from app.kit.seal import Seal, Unreadable

SECOND = "second"
_WRONG = "Surel atau kata sandi tidak cocok. Periksa lagi, atau minta tautan masuk kepada admin unit Anda."
_WRONG_CODE = "Kode tidak cocok. Periksa jam ponsel Anda, lalu masukkan kode yang sedang tampil."
_AGAIN = "Langkah ini sudah berakhir. Masuk lagi dari awal."


@dataclass(frozen=True)
class Screen:
    """An open session; `is_this`: the one that asks."""

    id: int
    device: str
    way: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True)
class FactorView:
    id: int
    kind: str
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Overview:
    """What a person sees of their own safety. `has_proof`: there is something to prove oneself with."""

    has_password: bool
    factors: Sequence[FactorView]
    codes_left: int
    screens: Sequence[Screen]

    @property
    def has_proof(self) -> bool:
        return self.has_password or bool(self.factors)


@dataclass(frozen=True)
class NewTotp:
    """Shown once, to be read by an authenticator app."""

    secret: str
    address: str


@dataclass(frozen=True)
class SecurityService:
    """`links_suffice`: a one-time link alone lets a person in who has a second factor (a training's printed links).

    `unix` is the real time, whatever the installation's clock says: phones show digits of the real one.
    """

    db: Database
    seal: Seal
    now: Callable[[], datetime]
    people: PeopleService
    links_suffice: bool
    issuer: str = "Kentongan"
    unix: Callable[[], float] = time.time

    async def enter_by_password(
        self, email: str, password: str, *, device: str, never_alone: bool = False
    ) -> Entered | HalfWay:
        """Raises Wrong, in the same words and time, for a wrong password and for nobody; where a password must be
        `never_alone` also for a right one without a second factor behind it."""
        async with self.db.read() as session:
            user = await store.find_user_by_email(session, email.strip().lower()[:254])
            known = await proofs_of.find_password(session, _id(user)) if user else None
        is_right = await asyncio.to_thread(proofs.is_password, password, known.hash if known else None)
        if user is None or not is_right or not user.is_active or (never_alone and not user.has_factor):
            raise Wrong(_WRONG)
        async with self.db.write() as session:
            if user.has_factor:
                return await self._half_way(session, _id(user))
            return await self._enter(session, _id(user), device, Way.PASSWORD)

    async def enter_by_link(self, secret: str, *, device: str) -> Entered | HalfWay:
        """Raises Unauthenticated. A link is one proof; who has a second factor is asked for it, except in a training."""
        user = await self.people.owner_of_link(secret)
        if self.links_suffice or not user.has_factor:
            return Entered(await self.people.use_link(secret, device=device))
        async with self.db.write() as session:
            if not await store.consume_link(session, tokens.hash_of(secret), now=self.now()):
                raise Unauthenticated(_AGAIN)
            return await self._half_way(session, _id(user))

    async def finish(self, step: str, code: str, *, device: str) -> Entered:
        """The second proof: digits or a recovery code. Raises Wrong; after five wrong ones the step is over."""
        async with self.db.write() as session:
            found = await proofs_of.find_step(session, tokens.hash_of(step), SECOND, now=self.now())
            if found is None or found.id is None or found.user_id is None:
                raise Wrong(_AGAIN)
            if not await proofs_of.count_try(session, found.id):
                raise Wrong(_AGAIN)
        async with self.db.write() as session:
            way = await self._check_code(session, found.user_id, code)
            if not await proofs_of.use_step(session, found.id, now=self.now()):
                raise Wrong(_AGAIN)
            return await self._enter(session, found.user_id, device, way)

    async def prove(self, actor: Actor, session_secret: str, *, password: str = "", code: str = "") -> None:
        """Shows again that it is really this person, before accounts, tokens or roles are changed. Raises Wrong."""
        if code:
            async with self.db.write() as session:
                await self._check_code(session, actor.user_id, code)
                await proofs_of.mark_proved(session, tokens.hash_of(session_secret), now=self.now())
            return
        async with self.db.read() as session:
            known = await proofs_of.find_password(session, actor.user_id)
        if not await asyncio.to_thread(proofs.is_password, password, known.hash if known else None):
            raise Wrong("Kata sandi tidak cocok. Coba lagi.")
        async with self.db.write() as session:
            await proofs_of.mark_proved(session, tokens.hash_of(session_secret), now=self.now())

    async def overview(self, actor: Actor, session_secret: str = "") -> Overview:
        this = tokens.hash_of(session_secret)
        async with self.db.read() as session:
            password = await proofs_of.find_password(session, actor.user_id)
            factors = await proofs_of.factors_of(session, actor.user_id)
            codes = await proofs_of.count_codes(session, actor.user_id)
            screens = await proofs_of.sessions_of(session, actor.user_id, now=self.now())
        return Overview(
            password is not None, [_factor(row) for row in factors], codes, [_screen(row, this) for row in screens]
        )

    async def set_password(self, actor: Actor, session_secret: str, password: str) -> None:
        """A new one ends every other screen of this person. Raises BadInput for a weak one, ProveFirst."""
        _in_person(actor)
        actor.must_prove()
        async with self.db.read() as session:
            user = await _known(session, actor.user_id)
        wanted = proofs.read_password(password, email=user.email, name=user.name)
        hashed = await asyncio.to_thread(proofs.hash_password, wanted)
        async with self.db.write() as session:
            row = await proofs_of.find_password(session, actor.user_id)
            row = row or Password(user_id=actor.user_id, hash="", changed_at=self.now())
            row.hash, row.changed_at = hashed, self.now()
            session.add(row)
            await self._has_proof_now(session, actor, session_secret, "password.set")
            await proofs_of.end_other_sessions(session, actor.user_id, tokens.hash_of(session_secret), now=self.now())

    async def begin_totp(self, actor: Actor) -> NewTotp:
        """The same until it is confirmed, so that a reloaded page does not spoil what the phone has read."""
        _in_person(actor)
        actor.must_prove()
        async with self.db.write() as session:
            user = await _known(session, actor.user_id)
            pending = await proofs_of.find_pending_totp(session, actor.user_id)
            if pending is None:
                secret = proofs.new_totp()
                sealed = self.seal.seal({"totp": secret})
                session.add(Factor(user_id=actor.user_id, kind=Kind.TOTP, sealed=sealed, created_at=self.now()))
            else:
                secret = self.seal.open(pending.sealed)["totp"]
        return NewTotp(secret, proofs.totp_address(secret, person=user.email, issuer=self.issuer))

    async def confirm_totp(self, actor: Actor, session_secret: str, code: str) -> Sequence[str]:
        """Digits that the phone shows switch it on; answers new recovery codes, shown this once. Raises Wrong."""
        _in_person(actor)
        actor.must_prove()
        async with self.db.write() as session:
            pending = await proofs_of.find_pending_totp(session, actor.user_id)
            if pending is None:
                raise Conflict("Mulai lagi pemasangannya: kode QR tadi sudah dipakai atau dibatalkan.")
            secret = self.seal.open(pending.sealed)["totp"]
            step = proofs.totp_step(secret, code, unix=self.unix(), after=0)
            if step is None:
                raise BadInput(_WRONG_CODE, Problem("code", "tidak cocok"))
            pending.last_step, pending.confirmed_at, pending.name = step, self.now(), "Aplikasi autentikator"
            session.add(pending)
            await self.factor_added(session, actor, session_secret, "totp.add")
            return await self._fresh_codes(session, actor.user_id)

    async def factor_added(self, session: WriteSession, actor: Actor, session_secret: str, action: str) -> None:
        user = await _known(session, actor.user_id)
        user.has_factor = True
        session.add(user)
        await self._has_proof_now(session, actor, session_secret, action)

    async def renew_codes(self, actor: Actor) -> Sequence[str]:
        """Ten new ones, shown this once; the old ones are dead. Raises ProveFirst."""
        _in_person(actor)
        actor.must_prove()
        async with self.db.write() as session:
            if not await proofs_of.factors_of(session, actor.user_id):
                raise Conflict("Pasang dulu verifikasi dua langkah; kode pemulihan menggantikannya bila ponsel hilang.")
            await self._note(session, actor, "codes.renew")
            return await self._fresh_codes(session, actor.user_id)

    async def remove_factor(self, actor: Actor, factor_id: int) -> None:
        """Raises NotFound, ProveFirst."""
        _in_person(actor)
        actor.must_prove()
        async with self.db.write() as session:
            if not await proofs_of.drop_factor(session, actor.user_id, factor_id):
                raise NotFound("Cara ini tidak ada lagi.")
            user = await _known(session, actor.user_id)
            user.has_factor = bool(await proofs_of.factors_of(session, actor.user_id))
            session.add(user)
            if not user.has_factor:
                await proofs_of.drop_codes(session, actor.user_id)
                if await proofs_of.find_password(session, actor.user_id) is None:
                    await proofs_of.stop_asking(session, actor.user_id)
            await self._note(session, actor, "factor.remove")

    async def end_screen(self, actor: Actor, screen_id: int) -> None:
        """Raises NotFound for a screen that is another's or has ended."""
        _in_person(actor)
        async with self.db.write() as session:
            if not await proofs_of.end_session_of(session, actor.user_id, screen_id, now=self.now()):
                raise NotFound("Perangkat ini sudah keluar, atau bukan milik Anda.")
            await self._note(session, actor, "session.end")

    async def end_other_screens(self, actor: Actor, session_secret: str) -> int:
        """Answers how many."""
        _in_person(actor)
        async with self.db.write() as session:
            ended = await proofs_of.end_other_sessions(
                session, actor.user_id, tokens.hash_of(session_secret), now=self.now()
            )
            await self._note(session, actor, "session.end_others")
        return ended

    async def reset(self, actor: Actor, user_id: int) -> str:
        """A lost phone: everything the person could prove themselves with is gone, every screen ends; answers a new link.

        Only by who manages above all of that person's units. Raises NotFound for a person out of sight, Forbidden, ProveFirst.
        """
        actor.must_prove()
        async with self.db.write() as session:
            await self._must_be_above(session, actor, user_id)
            return await self._reset(session, user_id, by=actor.label)

    async def reset_by_operator(self, user_id: int) -> str:
        """For the last admin, who has nobody above."""
        async with self.db.write() as session:
            return await self._reset(session, user_id, by="operator")

    async def sweep(self) -> int:
        """Forgets half log-ins that are over; answers how many."""
        async with self.db.write() as session:
            return await proofs_of.drop_old_steps(session, now=self.now())

    async def _reset(self, session: WriteSession, user_id: int, *, by: str) -> str:
        user = await _known(session, user_id)
        if not user.is_active:
            raise Conflict("Orang ini dinonaktifkan. Aktifkan dulu.")
        await proofs_of.drop_proofs(session, user_id)
        user.has_factor = False
        session.add(user)
        await store.end_sessions_of(session, user_id, now=self.now())
        await store.end_links_of(session, user_id, now=self.now())
        await record(session, at=self.now(), actor=by, action="user.reset", subject=f"user:{user_id}")
        return await self.people.new_link(session, user_id, Purpose.INVITE, INVITATION_HOURS)

    async def _must_be_above(self, session: ReadSession, actor: Actor, user_id: int) -> None:
        grants = await store.grants_of(session, user_id)
        seen = [grant for grant in grants if any(grant.path.startswith(path) for path in actor.paths(Act.MANAGE))]
        if not seen:
            raise NotFound("Orang ini tidak ada, atau di luar wilayah tugas Anda.")
        if user_id == actor.user_id or not may_reset(actor, grants):
            raise Forbidden("Akses hanya dapat diterbitkan ulang oleh admin unit di atasnya.")

    async def _check_code(self, session: WriteSession, user_id: int, code: str) -> Way:
        if proofs.is_code(code):
            if await proofs_of.take_code(session, user_id, _code_hash(user_id, code), now=self.now()):
                return Way.RECOVERY
            raise Wrong("Kode pemulihan tidak cocok, atau sudah pernah dipakai.")
        for factor in await proofs_of.factors_of(session, user_id, kind=Kind.TOTP):
            step = proofs.totp_step(self._totp(factor), code, unix=self.unix(), after=factor.last_step)
            if step is not None and await proofs_of.take_step(session, factor.id or 0, step, now=self.now()):
                return Way.TOTP
        raise Wrong(_WRONG_CODE)

    def _totp(self, factor: Factor) -> str:
        try:
            return self.seal.open(factor.sealed)["totp"]
        except Unreadable:
            # Its key is lost: no digits are right any more, and the parent unit can issue access anew.
            return proofs.new_totp()

    async def _half_way(self, session: WriteSession, user_id: int) -> HalfWay:
        secret = tokens.new_secret()
        expires_at = self.now() + proofs.STEP_LASTS
        session.add(
            LoginStep(user_id=user_id, purpose=SECOND, secret_hash=tokens.hash_of(secret), expires_at=expires_at)
        )
        return HalfWay(secret)

    async def _enter(self, session: WriteSession, user_id: int, device: str, way: Way) -> Entered:
        return Entered(await open_session(session, user_id, device=device, way=way, proves=True, now=self.now()))

    async def _has_proof_now(self, session: WriteSession, actor: Actor, session_secret: str, action: str) -> None:
        long_ago = self.now() - timedelta(days=1)
        await proofs_of.begin_to_ask(session, actor.user_id, now=self.now(), long_ago=long_ago)
        await proofs_of.mark_proved(session, tokens.hash_of(session_secret), now=self.now())
        await self._note(session, actor, action)

    async def _fresh_codes(self, session: WriteSession, user_id: int) -> Sequence[str]:
        await proofs_of.drop_codes(session, user_id)
        codes = proofs.new_codes()
        for code in codes:
            session.add(RecoveryCode(user_id=user_id, secret_hash=_code_hash(user_id, code)))
        return codes

    async def _note(self, session: WriteSession, actor: Actor, action: str) -> None:
        await record(session, at=self.now(), actor=actor.label, action=action, subject=actor.label)


def _in_person(actor: Actor) -> None:
    if actor.scopes is not None:
        raise Forbidden("Hanya orangnya sendiri yang dapat mengatur ini, lewat halaman Keamanan; bukan token API.")


def _code_hash(user_id: int, code: str) -> str:
    return tokens.hash_of(f"{user_id} {proofs.tidy_code(code)}")


async def _known(session: ReadSession, user_id: int) -> User:
    user = await store.find_user(session, user_id)
    if user is None:
        raise NotFound("Orang ini tidak ada.")
    return user


def _id(user: User) -> int:
    assert user.id is not None
    return user.id


def _factor(row: Factor) -> FactorView:
    return FactorView(row.id or 0, row.kind, row.name, row.created_at, row.used_at)


def _screen(row: LoginSession, this: str) -> Screen:
    return Screen(row.id or 0, row.device, row.way, row.created_at, row.seen_at, row.secret_hash == this)
