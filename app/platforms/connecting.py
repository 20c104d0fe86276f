"""What a platform must be able to do so that its user can join an account without a developer; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable


class Way(StrEnum):
    """How a person proves that an account is theirs."""

    CONSENT = "consent"  # they are sent to the platform's own page, and come back with a code
    SECRET = "secret"  # noqa: S105 - the name of a way: they paste something made for this purpose


@dataclass(frozen=True)
class AppKey:
    """What the platform knows our program by."""

    id: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Place:
    """Where the platform listens, and as whom we come. Addresses without trailing slash.

    `is_own`: the platform's real address. Anything else (the simulator, a proxy, a test server) stands in for all its
    hosts, log-in pages too. `callback` is our own address that the platform sends people back to. `guards`: a server that a
    person or an account's document names is connected to only where it is public.
    """

    base_url: str
    version: str
    app: AppKey
    callback: str
    is_own: bool = False
    guards: bool = True

    def at(self, host: str) -> str:
        """`host` where the real platform is meant, else the one that stands in for it."""
        return host if self.is_own else self.base_url


@dataclass(frozen=True)
class Life:
    """`token_ends_at`: when the access token dies, None: it does not by itself; `expires_at`: when even renewing ends."""

    token_ends_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Candidate:
    """One account that the person may join. `problem` says why this one cannot be, in a sentence; empty: it can.

    `base_url` is set where the account names a server of its own.
    """

    account_id: str
    handle: str
    name: str
    credential: Mapping[str, str] = field(repr=False)
    life: Life = Life()
    problem: str = ""
    base_url: str = ""


@dataclass(frozen=True)
class Renewed:
    credential: Mapping[str, str] = field(repr=False)
    life: Life = Life()


class CannotConnect(Exception):
    """Why an account was not joined, and what to do about it: two sentences for the person; `code` for the record."""

    def __init__(self, reason: str, remedy: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.code = reason, remedy, code


class Connector(Protocol):
    """One platform's way in. `scopes` are what is asked for; `renews`: the token is renewed by us, without the person.

    One that knows no way to revoke says in `forget_by_hand` what a person does instead. `app_setting` names the pair of settings that holds the app's number; empty where no app is needed.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    way: ClassVar[Way]
    scopes: ClassVar[tuple[str, ...]]
    app_settings: ClassVar[tuple[str, ...]]
    renews: ClassVar[bool]

    async def close(self) -> None:
        """Let go of the connection pool."""
        ...


@runtime_checkable
class AsksConsent(Connector, Protocol):
    def authorize_url(self, place: Place, *, state: str, challenge: str) -> str:
        """Where the person is sent; `challenge` is the S256 of a verifier that only we know."""
        ...

    async def exchange(self, place: Place, *, code: str, verifier: str) -> Sequence[Candidate]:
        """The accounts behind a code, each with what opens it. Raises CannotConnect, TryLater."""
        ...


@runtime_checkable
class TakesSecret(Connector, Protocol):
    async def open(self, place: Place, *, identifier: str, secret: str) -> Candidate:
        """The account that this secret opens. Raises CannotConnect, TryLater."""
        ...


@runtime_checkable
class Registers(Connector, Protocol):
    """A platform of many servers, where our program introduces itself to each."""

    async def register(self, place: Place) -> AppKey:
        """Raises CannotConnect, TryLater."""
        ...


@runtime_checkable
class Renews(Connector, Protocol):
    async def renew(self, place: Place, credential: Mapping[str, str]) -> Renewed:
        """A living token for a dying one. Raises NeedsReconnect where only the person can help, TryLater."""
        ...


@runtime_checkable
class Revokes(Connector, Protocol):
    async def revoke(self, place: Place, credential: Mapping[str, str]) -> None:
        """Tell the platform to forget what it gave us; done already is done. Raises TryLater, or Refused where only a person can."""
        ...
