"""Passkeys: a device signs a challenge after its owner unlocked it, which is both proofs at once and cannot be phished."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

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
            options = generate_registration_options(
                rp_id=self.host,
                rp_name="Kentongan",
                user_name=user.email,
                user_display_name=user.name,
                # Not the bare number: the id lies readable on the device.
                user_id=tokens.hash_of(f"passkey {actor.user_id}").encode()[:32],
                exclude_credentials=[
                    PublicKeyCredentialDescriptor(id=base64url_to_bytes(row.credential_id or "")) for row in known
                ],
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
                ),
            )
            step = await self._ask(session, ADD, options.challenge, actor.user_id)
        return Asked(step, options_to_json(options))

    async def add(self, actor: Actor, session_secret: str, step: str, credential: str, *, name: str) -> None:
        """Raises Wrong for an answer that does not fit what was asked."""
        actor.must_prove()
        async with self.db.write() as session:
            challenge, user_id = await self._answered(session, step, ADD)
            if user_id != actor.user_id:
                raise Wrong(_WRONG)
            try:
                found = verify_registration_response(
                    credential=_readable(credential),
                    expected_challenge=challenge,
                    expected_rp_id=self.host,
                    expected_origin=self.base_url,
                    require_user_verification=True,
                )
            except (WebAuthnException, ValueError, KeyError, TypeError) as error:
                raise Wrong(_WRONG) from error
            key = bytes_to_base64url(found.credential_id)
            if await proof_store.find_passkey(session, key) is not None:
                raise Wrong("Kunci sandi ini sudah terpasang.")
            now = self.now()
            session.add(
                Factor(
                    user_id=actor.user_id,
                    kind=Kind.PASSKEY,
                    name=tidy_name(name),
                    credential_id=key,
                    public_key=base64.b64encode(found.credential_public_key).decode(),
                    sign_count=found.sign_count,
                    created_at=now,
                    confirmed_at=now,
                )
            )
            await self.security.factor_added(session, actor, session_secret, "passkey.add")

    async def ask_to_enter(self) -> Asked:
        """Names nobody: the device offers the keys that it has for this site, so nothing tells who exists."""
        self._must_be_possible()
        options = generate_authentication_options(
            rp_id=self.host, user_verification=UserVerificationRequirement.REQUIRED
        )
        async with self.db.write() as session:
            step = await self._ask(session, ENTER, options.challenge, None)
        return Asked(step, options_to_json(options))

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
        try:
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.base_url,
                credential_public_key=base64.b64decode(factor.public_key),
                credential_current_sign_count=factor.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Wrong(_WRONG) from error
        factor.sign_count, factor.used_at = verified.new_sign_count, self.now()
        session.add(factor)
        return factor

    async def _ask(self, session: WriteSession, purpose: str, challenge: bytes, user_id: int | None) -> str:
        secret = tokens.new_secret()
        session.add(
            LoginStep(
                user_id=user_id,
                purpose=purpose,
                secret_hash=tokens.hash_of(secret),
                challenge=bytes_to_base64url(challenge),
                expires_at=self.now() + proofs.STEP_LASTS,
            )
        )
        return secret

    async def _answered(self, session: WriteSession, step: str, purpose: str) -> tuple[bytes, int | None]:
        """The challenge, once: an answer that was overheard is worth nothing."""
        found = await proof_store.find_step(session, tokens.hash_of(step), purpose, now=self.now())
        if found is None or found.id is None or not await proof_store.use_step(session, found.id, now=self.now()):
            raise Wrong("Permintaan tadi sudah kedaluwarsa. Coba lagi.")
        return base64url_to_bytes(found.challenge), found.user_id

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
