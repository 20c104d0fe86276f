"""How a committee member joins an account: through the platform's own consent, or with a secret made for it."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts import tokens
from app.accounts.rules import Actor
from app.channels import connect_store, rules
from app.channels.models import Channel, Connection
from app.channels.rules import Environment
from app.channels.service import ChannelService
from app.kit.db import Database
from app.kit.errors import AppError, BadInput, Conflict, NotFound, Problem, Unavailable
from app.kit.logs import logger, redact
from app.kit.seal import Seal
from app.platforms.connecting import (
    AppKey,
    AsksConsent,
    Candidate,
    CannotConnect,
    Connector,
    Life,
    Place,
    Registers,
    TakesSecret,
)
from app.platforms.contract import PublishError

log = logger("channels")

PATIENCE = timedelta(minutes=15)
"""How long a person may take on the platform's pages, and again to choose among accounts."""
KEPT = timedelta(days=1)

START_AGAIN = "Mulai lagi dari halaman akun."
_DENIED = {"access_denied", "user_denied", "user_cancelled_authorize", "user_cancelled_login"}

Places = Callable[[str, str, str], Place]
"""(platform, environment, the channel's own server) -> where and as whom we come."""


@dataclass(frozen=True)
class Choice:
    """An account that may be joined; with a `problem`, one that may not, and why."""

    account_id: str
    handle: str
    name: str
    problem: str = ""


@dataclass(frozen=True)
class Way:
    """How far a person has come. `authorize_url` only where they are to be sent to the platform now.

    `stage`: asked, choosing, done (then `channel_id` is the account), failed (then `reason` and `remedy`).
    """

    id: int
    unit_id: int
    platform: str
    environment: str
    stage: str
    expires_at: datetime
    channel_id: int | None = None
    base_url: str = ""
    authorize_url: str = ""
    reason: str = ""
    remedy: str = ""
    code: str = ""
    choices: Sequence[Choice] = ()


@dataclass(frozen=True)
class Returned:
    """What the platform's redirect brought back: a code, or an error."""

    state: str
    code: str = ""
    error: str = ""


@dataclass
class ConnectService:
    db: Database
    seal: Seal
    now: Callable[[], datetime]
    channels: ChannelService
    connectors: Mapping[str, Connector]
    places: Places

    async def begin(
        self,
        actor: Actor,
        *,
        unit_id: int,
        platform: str,
        environment: str = Environment.LIVE,
        base_url: str = "",
        channel_id: int | None = None,
    ) -> Way:
        """The first step of a consent. Raises NotFound, Forbidden, BadInput, Conflict (what the operator has to set), Unavailable."""
        connector = self._asking(platform)
        kind = _automatic(environment)
        await self.channels.must_join(actor, unit_id, channel_id)
        server = rules.read_base_url(
            base_url, allowed=isinstance(connector, Registers), allow_private=self.channels.allow_private
        )
        if isinstance(connector, Registers) and kind is Environment.LIVE and not server:
            raise BadInput("Isi alamat peladen akun unit.", Problem("base_url", "misalnya https://mastodon.social"))
        place = await self._place(connector, kind, server)
        state, verifier, now = tokens.new_secret(), secrets.token_urlsafe(64), self.now()
        row = Connection(
            state_hash=tokens.hash_of(state), user_id=actor.user_id, unit_id=unit_id, platform=platform, environment=kind,
            base_url=server, channel_id=channel_id, sealed=self.seal.seal({"verifier": verifier, "state": state}), created_at=now,
            expires_at=now + PATIENCE,
        )  # fmt: skip
        async with self.db.write() as session:
            session.add(row)
        return _way(row, authorize_url=connector.authorize_url(place, state=state, challenge=_challenge(verifier)))

    async def come_back(self, actor: Actor, returned: Returned) -> Way:
        """The person is back from the platform. What went wrong there is in the answer, not raised.

        Raises Conflict for a state that is unknown, used, too old, or another person's.
        """
        state_hash = tokens.hash_of(returned.state)
        async with self.db.write() as session:
            row = await connect_store.use(session, state_hash, user_id=actor.user_id, now=self.now())
            if row is None:
                known = await connect_store.find_by_state(session, state_hash, user_id=actor.user_id)
        if row is None:
            if known is not None and known.stage in ("done", "choosing"):
                return self._with_choices(known)  # the page was loaded twice
            raise Conflict(f"Persetujuan ini sudah dipakai, kedaluwarsa, atau dimulai oleh orang lain. {START_AGAIN}")
        try:
            found = await self._exchange(row, returned)
            return await self._settle(actor, row, found)
        except CannotConnect as error:
            return await self._fail(row, error)
        except PublishError as error:
            return await self._fail(row, _busy(row.platform, error))
        except AppError as error:
            return await self._fail(row, CannotConnect(error.message, START_AGAIN, code=error.kind))

    async def choose(self, actor: Actor, connection_id: int, account_id: str) -> Way:
        """One of several accounts. Raises NotFound, BadInput for an account that was not offered, Conflict."""
        async with self.db.write() as session:
            row = await self._own(session, actor, connection_id)
            candidates = self._candidates(row)
            chosen = next((each for each in candidates if each.account_id == account_id and not each.problem), None)
            if chosen is None and row.stage == "choosing":
                raise BadInput("Pilih salah satu akun yang ditawarkan.", Problem("account_id", "pilih salah satu"))
            if chosen is None or not await connect_store.take_choice(session, connection_id, now=self.now()):
                raise Conflict(f"Pilihan ini sudah dipakai atau kedaluwarsa. {START_AGAIN}")
        try:
            return await self._join(actor, row, chosen)
        except AppError as error:
            return await self._fail(row, CannotConnect(error.message, START_AGAIN, code=error.kind))

    async def get(self, actor: Actor, connection_id: int) -> Way:
        """Raises NotFound for another person's. Where the platform has not been asked yet, with the address to go to."""
        async with self.db.read() as session:
            row = await self._own(session, actor, connection_id)
        if row.stage != "asked" or row.used_at is not None or row.expires_at <= self.now():
            return self._with_choices(row)
        connector, opened = self._asking(row.platform), self.seal.open(row.sealed)
        place = await self._place(connector, Environment(row.environment), row.base_url)
        challenge = _challenge(opened["verifier"])
        return _way(row, authorize_url=connector.authorize_url(place, state=opened["state"], challenge=challenge))

    async def open_with(
        self,
        actor: Actor,
        *,
        unit_id: int,
        platform: str,
        environment: str,
        identifier: str,
        secret: str,
        channel_id: int | None = None,
    ) -> Channel:
        """Joins an account with an app password or a bot's token. Raises Conflict with reason and remedy, Unavailable."""
        connector = self.connectors.get(rules.read_platform(platform, self.connectors))
        if not isinstance(connector, TakesSecret):
            raise BadInput(
                "Platform ini disambungkan lewat halaman persetujuannya.", Problem("platform", "mulai di sana")
            )
        kind = _automatic(environment)
        if not identifier.strip() or not secret.strip() or len(secret) > rules.MAX_CREDENTIAL:
            raise BadInput("Isi nama akun dan rahasianya.", Problem("secret", "wajib diisi"))
        await self.channels.must_join(actor, unit_id, channel_id)
        place = self.places(platform, kind, "")
        try:
            found = await connector.open(place, identifier=identifier, secret=secret.strip())
            self._check_server(found, place)
        except CannotConnect as error:
            raise Conflict(f"{error.reason} {error.remedy}", Problem("secret", error.remedy)) from error
        except PublishError as error:
            raise Unavailable(f"{redact(error.message)} Coba lagi beberapa menit lagi.") from error
        return await self.channels.join(
            actor, unit_id=unit_id, platform=platform, environment=kind, candidate=found, channel_id=channel_id
        )

    def missing(self, platform: str) -> Sequence[str]:
        """The settings without which nobody can join a live account of this platform; none where all is set up."""
        connector = self.connectors.get(platform)
        if connector is None or not connector.app_settings:
            return ()
        place = self.places(platform, Environment.LIVE, "")
        given = (place.app.id, place.app.secret)
        needed = connector.app_settings[:1] if platform == "x" else connector.app_settings  # X knows public clients
        return tuple(f"KENTONGAN_{name}" for name, value in zip(needed, given, strict=False) if not value)

    async def sweep(self) -> int:
        """Forget ways that are long over."""
        async with self.db.write() as session:
            return await connect_store.forget_old(session, before=self.now() - KEPT)

    def _asking(self, platform: str) -> AsksConsent:
        connector = self.connectors.get(rules.read_platform(platform, self.connectors))
        if not isinstance(connector, AsksConsent):
            raise BadInput(
                "Platform ini disambungkan dengan rahasia yang ditempel.", Problem("platform", "isi rahasianya")
            )
        return connector

    async def _place(self, connector: Connector, kind: Environment, server: str) -> Place:
        place = self.places(connector.name, kind, server)
        if isinstance(connector, Registers):
            return await self._introduced(connector, place)
        if not place.app.id:
            names = " dan ".join(f"KENTONGAN_{name}" for name in connector.app_settings)
            raise Conflict(
                f"Aplikasi {connector.title} belum disiapkan. Pengelola perlu mengisi {names}, lalu memulai ulang Kentongan. "
                "Sementara itu akun dapat dicatat sebagai Unggah sendiri."
            )
        return place

    async def _introduced(self, connector: Registers, place: Place) -> Place:
        """Once for each server: it then knows us by the same number for all units."""
        async with self.db.read() as session:
            known = await connect_store.find_app(session, base_url=place.base_url, callback=place.callback)
        if known is not None:
            return _as(place, self.seal.open(known.sealed))
        try:
            key = await connector.register(place)
        except CannotConnect as error:
            raise BadInput(f"{error.reason} {error.remedy}", Problem("base_url", error.remedy)) from error
        except PublishError as error:
            raise Unavailable(f"{redact(error.message)} Periksa alamat peladennya, lalu coba lagi.") from error
        sealed = self.seal.seal({"id": key.id, "secret": key.secret})
        async with self.db.write() as session:
            await connect_store.keep_app(
                session, base_url=place.base_url, callback=place.callback, sealed=sealed, now=self.now()
            )
        return _as(place, {"id": key.id, "secret": key.secret})

    async def _exchange(self, row: Connection, returned: Returned) -> Sequence[Candidate]:
        connector = self._asking(row.platform)
        if not returned.code:
            raise _denied(connector.title, returned.error)
        place = await self._place(connector, Environment(row.environment), row.base_url)
        verifier = self.seal.open(row.sealed)["verifier"]
        return await connector.exchange(place, code=returned.code, verifier=verifier)

    async def _settle(self, actor: Actor, row: Connection, found: Sequence[Candidate]) -> Way:
        if row.channel_id is not None:
            found = [await self.channels.same_account(actor, row.channel_id, found)]
        usable = [each for each in found if not each.problem]
        if not usable:
            raise CannotConnect(found[0].problem, START_AGAIN, code="no_task")
        if len(found) == 1:
            return await self._join(actor, row, usable[0])
        row.stage, row.expires_at = "choosing", self.now() + PATIENCE
        row.sealed = self.seal.seal({"candidates": json.dumps([_plain(each) for each in found])})
        async with self.db.write() as session:
            session.add(row)
        return self._with_choices(row)

    async def _join(self, actor: Actor, row: Connection, chosen: Candidate) -> Way:
        channel = await self.channels.join(
            actor, unit_id=row.unit_id, platform=row.platform, environment=Environment(row.environment), candidate=chosen,
            channel_id=row.channel_id,
        )  # fmt: skip
        row.stage, row.channel_id, row.sealed = "done", channel.id, ""
        async with self.db.write() as session:
            session.add(row)
        return _way(row)

    async def _fail(self, row: Connection, error: CannotConnect) -> Way:
        log.info("connect_failed", platform=row.platform, code=error.code)
        row.stage, row.sealed, row.code = "failed", "", error.code
        row.reason, row.remedy = redact(error.reason), error.remedy
        async with self.db.write() as session:
            session.add(row)
        return _way(row)

    async def _own(self, session: object, actor: Actor, connection_id: int) -> Connection:
        row = await connect_store.find(session, connection_id, user_id=actor.user_id)  # type: ignore[arg-type]
        if row is None:
            raise NotFound("Penyambungan ini tidak ada, atau dimulai oleh orang lain.")
        return row

    def _with_choices(self, row: Connection) -> Way:
        choices = [Choice(each.account_id, each.handle, each.name, each.problem) for each in self._candidates(row)]
        return _way(row, choices=choices)

    def _candidates(self, row: Connection) -> list[Candidate]:
        if row.stage != "choosing" or not row.sealed:
            return []
        return [_candidate(each) for each in json.loads(self.seal.open(row.sealed)["candidates"])]

    @staticmethod
    def _check_server(found: Candidate, place: Place) -> None:
        """An account's own document may name any server: it must be one that a stranger may send us to."""
        if found.base_url and place.is_own:
            try:
                rules.read_base_url(found.base_url, allowed=True, allow_private=not place.guards)
            except BadInput as error:
                raise CannotConnect(
                    "Peladen akun ini tidak dapat dipakai.", error.message, code="bad_server"
                ) from error


def _automatic(environment: str) -> Environment:
    kind = rules.read_environment(environment)
    if kind is Environment.MANUAL:
        raise BadInput("Akun unggah sendiri tidak perlu disambungkan.", Problem("environment", "live atau practice"))
    return kind


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _denied(title: str, error: str) -> CannotConnect:
    if error in _DENIED or not error:
        return CannotConnect(
            f"Izin tidak diberikan di halaman {title}.",
            "Mulai lagi, masuk sebagai akun unit, lalu tekan Izinkan.",
            code="denied",
        )
    return CannotConnect(
        f"{title} tidak membuka halaman persetujuannya ({redact(error)[:60]}).",
        "Minta pengelola memeriksa alamat balik dan izin aplikasi di halaman pengembang platform.",
        code=error[:40],
    )


def _busy(platform: str, error: PublishError) -> CannotConnect:
    return CannotConnect(
        redact(error.message) or f"{platform} sedang terganggu.",
        "Tunggu beberapa menit, lalu mulai lagi. Tidak ada yang berubah.",
        code=error.code or "busy",
    )


def _as(place: Place, key: Mapping[str, str]) -> Place:
    app = AppKey(key["id"], key["secret"])
    return replace(place, app=app)


def _way(row: Connection, *, authorize_url: str = "", choices: Sequence[Choice] = ()) -> Way:
    return Way(
        id=row.id or 0, unit_id=row.unit_id, platform=row.platform, environment=row.environment, stage=row.stage,
        expires_at=row.expires_at, channel_id=row.channel_id, base_url=row.base_url, authorize_url=authorize_url, reason=row.reason,
        remedy=row.remedy, code=row.code, choices=choices,
    )  # fmt: skip


def _plain(candidate: Candidate) -> dict[str, object]:
    return {**asdict(candidate), "life": [_iso(candidate.life.token_ends_at), _iso(candidate.life.expires_at)]}


def _candidate(body: Mapping[str, Any]) -> Candidate:
    life = Life(*(_moment(text) for text in body["life"]))
    return Candidate(**{**body, "life": life})


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
