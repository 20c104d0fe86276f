"""Passkeys: a device signs a challenge after its owner unlocked it, which is both proofs at once and cannot be phished."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.accounts import proof_store, proofs, store, tokens
from app.accounts.entering import open_session
from app.accounts.models import Factor, LoginStep
from app.accounts.proofs import Entered, Kind, Way, Wrong
from app.accounts.rules import Actor
from app.accounts.security import SecurityService
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Forbidden, NotFound, Problem

ENTER, ADD = "passkey", "passkey.add"
MOST_KEYS = 20
_WRONG = "Kunci sandi tidak dikenali. Coba lagi, atau masuk dengan cara lain."


@dataclass(frozen=True)
class Asked:
    """What the browser is to sign, as JSON for its own API; `step` comes back with the answer."""

    step: str
    options: str


@dataclass(frozen=True)
class PasskeyService:
    """`base_url` fixes for which site the keys are good; browsers allow them on HTTPS and on localhost only."""

    db: Database
    now: Callable[[], datetime]
    security: SecurityService
    base_url: str

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_possible(self) -> bool:
        """A number is no name that a key could be bound to."""
        try:
            ip_address(self.host)
        except ValueError:
            return self.base_url.startswith("https://") or self.host == "localhost"
        return False

    async def ask_to_add(self, actor: Actor) -> Asked:
        """Raises ProveFirst, BadInput where this address cannot have passkeys."""
        self._must_be_possible()
        actor.must_prove()
        async with self.db.write() as session:
            user = await store.find_user(session, actor.user_id)
            if user is None:
                raise NotFound("Orang ini tidak ada.")
            known = await proof_store.factors_of(session, actor.user_id, kind=Kind.PASSKEY)
            if len(known) >= MOST_KEYS:
                raise BadInput(
                    f"Paling banyak {MOST_KEYS} kunci sandi. Hapus yang tidak dipakai.", Problem("name", "penuh")
                )
            from app.accounts import webauthn_wire as wire  # only here: every process would pay for it at its start

            question = wire.ask_for_key(
                self.host,
                email=user.email,
                name=user.name,
                # Not the bare number: the id lies readable on the device.
                handle=tokens.hash_of(f"passkey {actor.user_id}").encode()[:32],
                known=[row.credential_id or "" for row in known],
            )
            step = await self._ask(session, ADD, question.challenge, actor.user_id)
        return Asked(step, question.options)

    async def add(self, actor: Actor, session_secret: str, step: str, credential: str, *, name: str) -> None:
        """Raises Wrong for an answer that does not fit what was asked."""
        actor.must_prove()
        async with self.db.write() as session:
            challenge, user_id = await self._answered(session, step, ADD)
            if user_id != actor.user_id:
                raise Wrong(_WRONG)
            from app.accounts import webauthn_wire as wire  # only here: every process would pay for it at its start

            try:
                key = wire.new_key(_readable(credential), challenge, wire.Site(self.host, self.base_url))
            except wire.DoesNotHold as error:
                raise Wrong(_WRONG) from error
            if await proof_store.find_passkey(session, key.id) is not None:
                raise Wrong("Kunci sandi ini sudah terpasang.")
            now = self.now()
            session.add(
                Factor(
                    user_id=actor.user_id,
                    kind=Kind.PASSKEY,
                    name=tidy_name(name),
                    credential_id=key.id,
                    public_key=base64.b64encode(key.public).decode(),
                    sign_count=key.count,
                    created_at=now,
                    confirmed_at=now,
                )
            )
            await self.security.factor_added(session, actor, session_secret, "passkey.add")

    async def ask_to_enter(self) -> Asked:
        """Names nobody: the device offers the keys that it has for this site, so nothing tells who exists."""
        self._must_be_possible()
        from app.accounts import webauthn_wire as wire  # only here: every process would pay for it at its start

        question = wire.ask_for_signature(self.host)
        async with self.db.write() as session:
            step = await self._ask(session, ENTER, question.challenge, None)
        return Asked(step, question.options)

    async def enter(self, step: str, credential: str, *, device: str) -> Entered:
        """Raises Wrong."""
        async with self.db.write() as session:
            factor = await self._check(session, step, credential)
            secret = await open_session(
                session, factor.user_id, device=device, way=Way.PASSKEY, proves=True, now=self.now()
            )
        return Entered(secret)

    async def prove(self, actor: Actor, session_secret: str, step: str, credential: str) -> None:
        """Raises Wrong, also for somebody else's key."""
        async with self.db.write() as session:
            factor = await self._check(session, step, credential)
            if factor.user_id != actor.user_id:
                raise Wrong(_WRONG)
            await proof_store.mark_proved(session, tokens.hash_of(session_secret), now=self.now())

    async def _check(self, session: WriteSession, step: str, credential: str) -> Factor:
        challenge, _nobody = await self._answered(session, step, ENTER)
        answer = _readable(credential)
        found = await proof_store.find_passkey(session, str(answer.get("id") or ""))
        if found is None or not found[1].is_active:
            raise Wrong(_WRONG)
        factor, _user = found
        from app.accounts import webauthn_wire as wire  # only here: every process would pay for it at its start

        try:
            factor.sign_count = wire.signed(
                answer,
                challenge,
                wire.Site(self.host, self.base_url),
                public=base64.b64decode(factor.public_key),
                count=factor.sign_count,
            )
        except wire.DoesNotHold as error:
            raise Wrong(_WRONG) from error
        factor.used_at = self.now()
        session.add(factor)
        return factor

    async def _ask(self, session: WriteSession, purpose: str, challenge: str, user_id: int | None) -> str:
        secret = tokens.new_secret()
        session.add(
            LoginStep(
                user_id=user_id,
                purpose=purpose,
                secret_hash=tokens.hash_of(secret),
                challenge=challenge,
                expires_at=self.now() + proofs.STEP_LASTS,
            )
        )
        return secret

    async def _answered(self, session: WriteSession, step: str, purpose: str) -> tuple[str, int | None]:
        """The challenge, once: an answer that was overheard is worth nothing."""
        found = await proof_store.find_step(session, tokens.hash_of(step), purpose, now=self.now())
        if found is None or found.id is None or not await proof_store.use_step(session, found.id, now=self.now()):
            raise Wrong("Permintaan tadi sudah kedaluwarsa. Coba lagi.")
        return found.challenge, found.user_id

    def _must_be_possible(self) -> None:
        if not self.is_possible:
            raise Forbidden("Kunci sandi perlu alamat HTTPS dengan nama domain. Pakai aplikasi autentikator dulu.")


def tidy_name(name: str) -> str:
    return " ".join("".join(letter for letter in name if letter.isprintable()).split())[:60] or "Kunci sandi"


def _readable(credential: str) -> dict[str, object]:
    try:
        found = json.loads(credential)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Wrong(_WRONG)
    return found
